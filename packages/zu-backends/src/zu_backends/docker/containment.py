"""`DockerContainment`: the assembly of every box, with containers for the jail."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from zu_backends.boxes.selfprobe import require
from zu_backends.contained.assembly import ContainedBox, _Watch, _watch
from zu_backends.contained.candidate import Candidate
from zu_backends.contained.facts import FactJournal
from zu_backends.contained.probing import become
from zu_backends.contained.program import ContainedProgram
from zu_backends.docker.candidate import start_candidate
from zu_backends.docker.engine import Engine
from zu_backends.docker.images import ImagePolicy, resolve
from zu_backends.docker.jail import DockerJail, OpenListeners, open_listeners
from zu_backends.docker.labels import reap
from zu_backends.docker.probing import LEFT_OUT, probe
from zu_backends.docker.rendezvous import remove_abandoned
from zu_backends.egress.policy import EgressPolicy
from zu_core.bus import Recorder
from zu_core.contracts import BoxSpec
from zu_core.events import BoxStarted, CanaryPlanted, ProgramStarted
from zu_core.hosts import Allowlist

MECHANISMS = (
    "files: mount namespace, the image's root read-only",
    "disk: one tmpfs with a size and an inode limit",
    "processes: pid namespace, cgroup pids.max, RLIMIT_NPROC of an account of the box's own",
    "network: network namespace with loopback only, nft redirects to the proxy",
    "names: DNS gate, synthetic addresses for allowed names",
    "privileges: no capabilities, no new privileges, no new user namespaces",
    "kernel: the engine's seccomp profile and the box's seccomp filter",
    "memory: cgroup as a backstop, RLIMIT_DATA for each process, sampling for all together",
    "time: wall clock, RLIMIT_CPU; one processor by cgroup quota",
    *(f"not checked: {name}: {reason}" for name, reason in LEFT_OUT),
)


class DockerBox(ContainedBox):
    """Implements `zu_core.ports.Box`; made by `DockerContainment.box`."""

    def __init__(
        self,
        spec: BoxSpec,
        jail: DockerJail,
        journal: FactJournal,
        watch: _Watch,
        candidate: Candidate,
    ) -> None:
        super().__init__(spec, jail, journal, watch, candidate)
        self._docker = jail

    async def _start(
        self, argv: tuple[str, ...], env: Mapping[str, str], cwd: str
    ) -> ContainedProgram:
        candidate, self._candidate = self._candidate, None
        if candidate is None:
            self._watch.canaries.new_epoch()
            candidate = await start_candidate(self._docker, self._journal)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(candidate.stop)
            undo.callback(self._journal.end_probe)
            probed = await probe(self._spec, self._docker, self._journal, candidate)
            self._watch.canaries.new_epoch()
            self._journal.end_probe()
            self._journal.put(probed)
            require(probed.checks)
            self._journal.put(ProgramStarted(argv=argv, cwd=cwd))
            program = ContainedProgram(
                candidate.process,
                candidate.syscalls,
                self._spec.limits,
                self._journal,
                self._ended,
            )
            undo.push_async_callback(program.kill)
            self._program = program
            await become(candidate, argv, env, cwd)
            candidate.bait.close()
            undo.pop_all()
        return program


class DockerContainment:
    """Implements `zu_core.ports.Containment` with boxes made by a local Docker engine.

    Args:
        engine: the connection to it; stays the caller's.
        image: what programs run in, pinned by digest; it needs python3, 3.10 or later.
        policy: which images may be used.
        listeners: how the sockets in the box's network are opened.
    """

    def __init__(
        self,
        engine: Engine,
        image: str,
        *,
        policy: ImagePolicy | None = None,
        listeners: OpenListeners = open_listeners,
    ) -> None:
        self._engine = engine
        self._image = image
        self._policy = policy or ImagePolicy()
        self._listeners = listeners

    @asynccontextmanager
    async def box(self, spec: BoxSpec, recorder: Recorder, /) -> AsyncIterator[DockerBox]:
        """Open a box, whose facts go to `recorder`; nothing of it is left after the exit."""
        egress = EgressPolicy(Allowlist.parse(spec.envelope.egress))
        image = await resolve(self._engine, self._image, self._policy)
        await reap(self._engine)
        remove_abandoned()
        async with AsyncExitStack() as stack:
            jail = await DockerJail.start(
                self._engine,
                image,
                mounts=spec.mounts,
                limits=spec.limits,
                listeners=self._listeners,
            )
            stack.push_async_callback(jail.close)
            journal = FactJournal(recorder)
            stack.push_async_callback(journal.close)
            candidate = await start_candidate(jail, journal)
            stack.push_async_callback(candidate.stop)
            watch = await _watch(spec, jail, egress, journal)
            box = DockerBox(spec, jail, journal, watch, candidate)
            stack.push_async_callback(box.close)
            for payload in _account(spec, jail, image):
                journal.put(payload)
            yield box


def _account(spec: BoxSpec, jail: DockerJail, image: str) -> Iterator[BoxStarted | CanaryPlanted]:
    """Yield what the record says of a box before anything runs in it."""
    yield BoxStarted(
        backend="docker",
        mechanisms=(*MECHANISMS, f"image: {image}"),
        mounts=jail.mounts,
        limits=spec.limits,
    )
    for one in spec.canaries:
        place = f"{jail.paths.home}/{one.path}" if one.path else f"${one.variable}"
        yield CanaryPlanted(name=one.name, path=place, secrets=one.secrets)
