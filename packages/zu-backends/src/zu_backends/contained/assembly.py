"""`BubblewrapContainment`: puts a box together, proves it, and takes it apart."""

import asyncio
import contextlib
import os
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import msgspec

from zu_backends.boxes.bubblewrap import Jail, JailSpec, Spawner
from zu_backends.boxes.selfprobe import require
from zu_backends.boxes.workspace import copy_workspace
from zu_backends.contained.candidate import Candidate, interpreter_mounts
from zu_backends.contained.facts import FactJournal
from zu_backends.contained.probing import become, probe
from zu_backends.contained.program import ContainedProgram
from zu_backends.egress.policy import EgressPolicy
from zu_backends.egress.server import EgressServer
from zu_backends.monitors.canaries import CanaryMonitor, plant
from zu_backends.monitors.files import FileMonitor
from zu_core.bus import Recorder
from zu_core.contracts import BoxSpec
from zu_core.errors import ConfigError, Unavailable
from zu_core.events import (
    BoxEnded,
    BoxStarted,
    CanaryPlanted,
    HostEffectObserved,
    MonitorReported,
    ProgramStarted,
)
from zu_core.hosts import Allowlist

PROXY = "http://127.0.0.1:3128"
PATH = "/usr/local/bin:/usr/bin:/bin"
PENDING_SECONDS = 1.0

MECHANISMS = (
    "files: mount namespace with a minimal read-only root",
    "disk: one tmpfs with a size and an inode limit",
    "processes: pid namespace, RLIMIT_NPROC in the user namespace of the box",
    "network: network namespace with loopback only, nft redirects to the proxy",
    "names: DNS gate, synthetic addresses for allowed names",
    "privileges: no capabilities, no new privileges, no nested user namespaces",
    "kernel: seccomp filter",
    "memory: RLIMIT_DATA for each process, sampling for all together",
    "time: wall clock, RLIMIT_CPU",
)

UNLISTED = (
    "files: {path} is the host's, writable, nosuid, nodev; no list of its changes, "
    "opens for writing are recorded"
)

OpenJail = Callable[[JailSpec, Spawner | None], Awaitable[Jail]]


class _Watch(NamedTuple):
    """The monitors that live as long as the box."""

    server: EgressServer
    canaries: CanaryMonitor
    files: FileMonitor


class ContainedBox:
    """Implements `zu_core.ports.Box`; made by `BubblewrapContainment.box`."""

    def __init__(
        self,
        spec: BoxSpec,
        jail: Jail,
        journal: FactJournal,
        watch: _Watch,
        candidate: Candidate,
    ) -> None:
        self._spec = spec
        self._jail = jail
        self._journal = journal
        self._watch = watch
        self._candidate: Candidate | None = candidate
        self._program: ContainedProgram | None = None
        self._starting = False
        self._lost = ""

    async def start(self, argv: Sequence[str], /, *, cwd: str = "") -> ContainedProgram:
        """Probe the box from inside, then run `argv` in that very process.

        `cwd` is a directory as the box names it; without one, the workspace.
        """
        _check_program(argv)
        environment = self._environment(argv[0])
        _check_texts((*argv, *environment, *environment.values()))
        if self._program is not None or self._starting:
            raise ConfigError(
                "a program runs in this box already",
                advice="wait for its end: facts of two programs could not be told apart",
            )
        self._starting = True
        try:
            return await self._start(tuple(argv), environment, cwd or self._jail.paths.work)
        finally:
            self._starting = False

    async def _start(
        self, argv: tuple[str, ...], env: Mapping[str, str], cwd: str
    ) -> ContainedProgram:
        candidate, self._candidate = self._candidate, None
        if candidate is None:
            self._watch.canaries.new_epoch()
            candidate = await Candidate.start(self._jail, self._journal)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(candidate.stop)
            undo.callback(self._journal.end_probe)
            probed = await probe(self._spec, self._jail, self._journal, candidate)
            self._watch.canaries.new_epoch()
            self._journal.end_probe()
            self._journal.put(probed)
            require(probed.checks)
            self._journal.put(ProgramStarted(argv=tuple(map(_shown, argv)), cwd=cwd))
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

    def attribute(self, event_id: str | None, /) -> None:
        """Make `event_id` the parent of all facts seen from now on."""
        self._watch.canaries.new_epoch()
        self._journal.attribute(event_id)

    @property
    def journal(self) -> FactJournal:
        """What else is to be recorded in the order of the facts goes here."""
        return self._journal

    async def settle(self, quiet_seconds: float = 0.05, /) -> None:
        """Return when all facts seen so far are recorded and none came for a while."""
        await self._watch.server.settle(PENDING_SECONDS)
        await self._journal.settle(quiet_seconds)

    async def record_changes(self) -> None:
        """Record how the box's files differ from the last time that this was called."""
        for change in await asyncio.to_thread(self._watch.files.changes):
            self._journal.put(HostEffectObserved(effect=change), "monitor.files")
        await self._journal.flush()

    async def close(self) -> None:
        """End what runs, and let every monitor say its last word.

        Raises:
            Unavailable: the box was gone before, or the record could not be written.
        """
        if self._candidate is not None:
            await self._candidate.stop()
        if self._program is not None:
            await self._program.kill()
        self._journal.end_probe()
        await self._watch.server.stop()
        self._watch.canaries.close()
        self._journal.attribute(None)
        with contextlib.suppress(Unavailable):  # the monitor's report says it
            await self.record_changes()
        for report in self._last_words():
            self._journal.put(report, f"monitor.{report.monitor}")
        self._journal.put(BoxEnded(reason=self._lost))
        await self._journal.flush()
        if self._lost:
            raise Unavailable(self._lost)

    def _ended(self, lost: str) -> None:
        self._program = None
        self._lost = self._lost or lost

    def _last_words(self) -> tuple[MonitorReported, ...]:
        server = self._watch.server
        egress = MonitorReported(
            monitor="egress",
            state="lost" if server.fault else "complete",
            facts=server.facts,
            reason=server.fault or "",
        )
        return (egress, self._watch.canaries.report(), self._watch.files.report())

    def _environment(self, program: str) -> Mapping[str, str]:
        """Return the environment of a program; nothing of the harness's own is in it."""
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), PROXY)
        no_proxy = "127.0.0.1,localhost,::1"
        return {
            "PATH": f"{os.path.dirname(program)}:{PATH}",
            "HOME": self._jail.paths.home,
            "USER": "tool",
            "LOGNAME": "tool",
            "SHELL": "/bin/sh",
            "TMPDIR": self._jail.paths.tmp,
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",  # its installation is read-only
            **proxies,
            **{name.lower(): value for name, value in proxies.items()},
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
            **dict(self._spec.environment),
            **{one.variable: one.content for one in self._spec.canaries if one.variable},
        }


class BubblewrapContainment:
    """Implements `zu_core.ports.Containment` with bubblewrap boxes.

    Args:
        spawner: the helper that boxes come from; without one, each box starts its own.
        open_jail: how the bare box is made; tests give boxes with a mechanism left out.
    """

    def __init__(self, spawner: Spawner | None = None, *, open_jail: OpenJail = Jail.open) -> None:
        self._spawner = spawner
        self._open_jail = open_jail

    @asynccontextmanager
    async def box(self, spec: BoxSpec, recorder: Recorder, /) -> AsyncIterator[ContainedBox]:
        """Open a box, whose facts go to `recorder`; nothing of it is left after the exit."""
        policy = EgressPolicy(Allowlist.parse(spec.envelope.egress))
        async with AsyncExitStack() as stack:
            jail_spec = _jail_spec(spec)
            jail = await self._open_jail(jail_spec, self._spawner)
            stack.push_async_callback(jail.close)
            journal = FactJournal(recorder)
            stack.push_async_callback(journal.close)
            candidate = await Candidate.start(jail, journal)
            stack.push_async_callback(candidate.stop)
            watch = await _watch(spec, jail, policy, journal)
            box = ContainedBox(spec, jail, journal, watch, candidate)
            stack.push_async_callback(box.close)
            for payload in _account(spec, jail):
                journal.put(payload)
            yield box


async def _watch(spec: BoxSpec, jail: Jail, policy: EgressPolicy, journal: FactJournal) -> _Watch:
    """Fill the box's files and start the monitors that live as long as the box."""
    if spec.workspace:
        await asyncio.to_thread(
            copy_workspace, spec.workspace, jail.root_fd, jail.owner, spec.limits
        )
    planted = plant(jail.root_fd, spec.canaries)
    files = FileMonitor(jail.root_fd, unsampled=planted)
    files.baseline()
    canaries = CanaryMonitor(jail.root_fd, spec.canaries, journal.taker("monitor.canaries"))
    canaries.start()
    server = EgressServer(jail.listeners, policy, journal.taker("proxy"))
    await server.start()
    return _Watch(server, canaries, files)


def _jail_spec(spec: BoxSpec) -> JailSpec:
    bare = JailSpec(mounts=(*spec.mounts, *interpreter_mounts()), limits=spec.limits)
    if spec.account is None:
        return bare
    uid, gid = spec.account
    return msgspec.structs.replace(bare, uid=uid, gid=gid)


def _check_program(argv: Sequence[str]) -> None:
    if not argv or not os.path.isabs(argv[0]):
        raise ConfigError(
            "the program is not named by an absolute path",
            advice="find it with zu_backends.boxes.installation first",
        )


def _check_texts(texts: Iterable[str]) -> None:
    """NUL ends an argument and a variable for the kernel, execve(2)."""
    if any("\0" in text for text in texts):
        raise ConfigError("an argument or a variable of the program contains a NUL character")


def _account(spec: BoxSpec, jail: Jail) -> Iterator[BoxStarted | CanaryPlanted]:
    """Yield what the record says of a box before anything runs in it."""
    writable = tuple(map(_shown, jail.writable))
    yield BoxStarted(
        backend="bubblewrap",
        mechanisms=(*MECHANISMS, *(UNLISTED.format(path=path) for path in writable)),
        mounts=tuple(map(_shown, jail.mounts)),
        limits=spec.limits,
        writable=writable,
    )
    for one in spec.canaries:
        place = f"{jail.paths.home}/{one.path}" if one.path else f"${one.variable}"
        yield CanaryPlanted(name=one.name, path=place, secrets=one.secrets)


def _shown(text: str) -> str:
    """`text` for the record, which holds UTF-8; other bytes in a name stand as escapes."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")
