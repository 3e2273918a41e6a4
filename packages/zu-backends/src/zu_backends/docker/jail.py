"""`DockerJail`: a box's processes, files and network made by Docker, without proxy and monitors."""

import asyncio
import base64
import errno
import functools
import itertools
import json
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, Self

from zu_backends.boxes import wire
from zu_backends.boxes.bubblewrap import Jail, Paths
from zu_backends.boxes.channel import Channel, Received
from zu_backends.boxes.host import check_sources
from zu_backends.boxes.pipes import Pipes
from zu_backends.boxes.plan import HostRoot, needed_mounts, rlimits
from zu_backends.boxes.process import JailedProcess
from zu_backends.docker import network, plan
from zu_backends.docker.engine import Engine
from zu_backends.docker.labels import labels
from zu_backends.docker.rendezvous import Rendezvous
from zu_backends.kernel.filters import Filters, build_filters
from zu_backends.kernel.syscalls import this_architecture
from zu_core.contracts import Limits, Mount
from zu_core.errors import ConfigError, Unavailable

# No distribution and no systemd range gives these out: an account for each box alone, so
# that RLIMIT_NPROC, which the kernel counts by account, counts one box.
_FIRST_UID: Final = 1_879_048_192
_UIDS: Final = 1 << 27

OpenListeners = Callable[[Engine, plan.Parts, str, int], Awaitable[network.Listeners]]


async def open_listeners(
    engine: Engine, parts: plan.Parts, holder_id: str, pid: int
) -> network.Listeners:
    """Open the box's listeners from outside as root, else by a container."""
    if os.geteuid() == 0:
        return await network.enter(pid)
    return await network.ask_container(engine, parts, holder_id)


class DockerJail(Jail):
    """An open jail whose processes are those of containers; see `Jail` for its attributes.

    `holder_pid` is the host's pid of the process that keeps network and files; when it
    ends, because this object closed its connection or the harness died, the engine
    removes its container. The same holds for the container of each program.
    """

    def __init__(
        self, engine: Engine, parts: plan.Parts, holder: "_Holder", listeners: network.Listeners
    ) -> None:
        """Take over what `start` made."""
        self.engine = engine
        self.parts = parts
        self.holder_id = holder.container
        self.holder_pid = holder.pid
        self.place = holder.place
        self.root_fd = holder.root_fd
        self.listeners = listeners
        self.paths = Paths()
        self.owner = (parts.uid, parts.uid)
        self.mounts = parts.mounts
        self.writable = ()
        self.root_entries = ()
        self._holder = holder
        self._closed = False
        self._programs: list[_Program] = []
        self._numbers = itertools.count(1)

    @classmethod
    async def start(
        cls,
        engine: Engine,
        image: str,
        *,
        holder_image: str = "",
        mounts: Sequence[Mount] = (),
        limits: Limits | None = None,
        listeners: OpenListeners = open_listeners,
    ) -> Self:
        """Make a jail whose programs run in `image`, an image id.

        Raises:
            Unavailable: the engine or the machine lacks a mechanism; names it.
            ConfigError: a mount can't be given to a box.
        """
        needed = _checked(mounts)
        box = secrets.token_hex(6)
        parts = plan.Parts(
            box=box,
            image=image,
            holder_image=holder_image or image,
            uid=_account(),
            labels=labels(box),
            limits=limits or Limits(),
            mounts=tuple(mount.path for mount in needed),
        )
        holder = await _hold(engine, parts)
        try:
            opened = await listeners(engine, parts, holder.container, holder.pid)
        except BaseException:
            holder.close()
            await engine.remove(holder.container)
            raise
        return cls(engine, parts, holder, opened)

    async def run(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        *,
        control: bool = True,
        limit: int = 1 << 16,
    ) -> JailedProcess:
        """As `Jail.run`: a container of its own, whose streams do not go by the engine."""
        number = next(self._numbers)
        privileged = os.geteuid() == 0
        with Rendezvous(self.parts.uid) as meeting:
            config = plan.program(self.parts, self.holder_id, self.place, meeting.directory)
            container = await self.engine.create(config, f"zu-{self.parts.box}-{number}")
            program = _Program(self.engine, container)
            self._programs.append(program)
            started = await self.engine.start(container)
            sock = await meeting.accept_socket(int(started["State"]["Pid"]))
        start: list[object] = [
            "Start",
            list(argv),
            list(env.items()),
            cwd,
            list(rlimits(self.parts.limits)),
        ]
        start += [base64.b64encode(one).decode("ascii") for one in _filters()]
        pipes, theirs = await Pipes.open(limit, self.owner if privileged else None)
        channel, run_socket = Channel.pair()
        ours, control_socket = socket.socketpair() if control else (None, None)
        given = [*theirs, run_socket.detach()]
        if control_socket is not None:
            given.append(control_socket.detach())
        try:
            _send_start(sock, start, given)
            program.listen(Channel(sock))
            held = await channel.receive()
            process = JailedProcess(
                pid=int(started["State"]["Pid"]),
                notify_fd=_descriptor_of(held),
                control=ours,
                pipes=pipes,
                run_channel=channel,
                exited=program.exited,
                kill=program.kill,
            )
        except BaseException:
            pipes.close()
            channel.close()
            if ours is not None:
                ours.close()
            raise
        finally:
            for fd in given:
                os.close(fd)
        program.process = process
        return process

    async def close(self) -> None:
        """Kill all that runs; return when the engine has removed all of it.

        A second call does nothing.

        Raises:
            Unavailable: the engine can't remove something; all that runs was ended.
        """
        if self._closed:
            return
        self._closed = True
        try:
            await asyncio.gather(*(program.end() for program in self._programs))
        finally:
            self._holder.close()
            for listener in self.listeners.values():
                listener.close()
            await self.engine.remove(self.holder_id)


class _Holder(NamedTuple):
    """The container that holds a box; `place` is where the engine keeps its files."""

    container: str
    pid: int
    channel: Channel
    root_fd: int
    place: str

    def close(self) -> None:
        """Close the connection, which ends the container, and the descriptor of the files."""
        self.channel.close()
        os.close(self.root_fd)


async def _hold(engine: Engine, parts: plan.Parts) -> _Holder:
    with Rendezvous(parts.uid) as meeting:
        container = await engine.create(
            plan.holder(parts, meeting.directory), f"zu-{parts.box}-holder"
        )
        try:
            started = await engine.start(container)
            pid = int(started["State"]["Pid"])
            channel = await meeting.accept(pid)
            root_fd = _descriptor_of(await channel.receive())
        except BaseException:
            await engine.remove(container)
            raise
    place = next(one["Source"] for one in started["Mounts"] if one["Type"] == "volume")
    return _Holder(container, pid, channel, root_fd, place)


class _Program:
    """The container of one program, and the connection to its first process."""

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine = engine
        self._container = container
        self._channel: Channel | None = None
        self._reader: asyncio.Task[None] | None = None
        self.exited: asyncio.Future[wire.Exited] = asyncio.get_running_loop().create_future()
        self.process: JailedProcess | None = None

    def listen(self, channel: Channel) -> None:
        """Wait for the program's end on `channel`."""
        self._channel = channel
        self._reader = asyncio.create_task(self._read(channel), name="zu-docker-program")

    async def kill(self) -> None:
        """Ask the first process to kill all others; it tells the end as always."""
        if self._channel is not None and not self.exited.done():
            try:
                await self._channel.send(wire.KillProgram(1))
            except OSError:
                return

    async def end(self) -> None:
        """Close the connection, which ends the container; return when it is removed."""
        if self._reader is not None:
            self._reader.cancel()
        if self._channel is not None:
            self._channel.close()
        self._lose()
        if self.process is not None:
            self.process.close()
        await self._engine.remove(self._container)

    async def _read(self, channel: Channel) -> None:
        received = await channel.receive()
        if received is not None and isinstance(received.message, wire.Exited):
            self.exited.set_result(received.message)
        self._lose()

    def _lose(self) -> None:
        if not self.exited.done():
            self.exited.set_exception(
                Unavailable(
                    "the program's container has ended: its first process was killed",
                    advice="look for what kills processes on this machine (out of memory, "
                    "the Docker engine)",
                )
            )
            self.exited.exception()  # nobody may be waiting


@functools.cache
def _filters() -> Filters:
    return build_filters(this_architecture())


def _account() -> int:
    return _FIRST_UID + secrets.randbelow(_UIDS) if os.geteuid() == 0 else os.geteuid()


def _send_start(sock: socket.socket, start: list[object], descriptors: list[int]) -> None:
    try:
        socket.send_fds(sock, [json.dumps(start).encode("ascii")], descriptors)
    except OSError as error:
        sock.close()
        if error.errno == errno.EMSGSIZE:
            raise ConfigError(
                "the arguments and variables of the program are too long",
                advice="keep them below 100 KiB; put what is longer into a file",
            ) from error
        raise Unavailable("the container's first process ended before it was asked") from error


def _checked(mounts: Sequence[Mount]) -> tuple[Mount, ...]:
    for mount in mounts:
        if mount.writable:
            raise ConfigError(
                f"a box made by Docker can't have {mount.path} writable",
                advice="mount it read-only, copy it as the workspace, or use bubblewrap: the "
                "engine binds directories without nosuid",
            )
    needed = needed_mounts(mounts, HostRoot())
    check_sources(needed)
    return needed


def _descriptor_of(received: Received | None) -> int:
    """Return the one descriptor of a `Ready` or `Held`.

    Raises:
        Unavailable: it is something else.
    """
    if received is None:
        raise Unavailable("the container's first process ended before it was ready")
    if isinstance(received.message, wire.Failed):
        raise Unavailable(received.message.message, advice=received.message.advice)
    return received.descriptors[0]
