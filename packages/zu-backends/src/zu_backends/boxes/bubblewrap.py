"""The jail: a box's processes, files and network, without proxy and monitors.

`Jail.open` makes namespaces, a size-limited file system and listening sockets; `run`
starts programs in it by bubblewrap. They share files and network. When the jail is
closed, or the harness ends in whatever way, the kernel kills all of it.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from zu_backends.boxes import plan, wire
from zu_backends.boxes.channel import Channel, Received
from zu_backends.boxes.host import check_sources
from zu_backends.boxes.pipes import Pipes
from zu_backends.boxes.plan import JailSpec
from zu_backends.boxes.process import JailedExit, JailedProcess
from zu_backends.boxes.runner import CONTROL_FD, SECCOMP_FD
from zu_backends.boxes.spawner import Spawner
from zu_backends.egress.roles import Role
from zu_core.errors import Unavailable

__all__ = ["CONTROL_FD", "Jail", "JailSpec", "JailedExit", "JailedProcess", "Paths", "Spawner"]


class Paths(NamedTuple):
    """The writable directories, as programs in the box name them.

    In the directory of `Jail.root_fd` they are `home`, `work`, `tmp` and `shm`.
    """

    home: str = plan.HOME
    work: str = plan.WORKSPACE
    tmp: str = "/tmp"  # noqa: S108 - in the box
    shm: str = "/dev/shm"  # noqa: S108 - in the box


class Jail:
    """An open jail.

    Attributes:
        listeners: listening sockets inside the jail's network; closed with the jail. The
            roles of IPv6 are missing on a machine without it.
        root_fd: directory that holds all that the jail's programs can write.
        paths: names of these directories in the box.
        owner: uid and gid on the host of the jail's programs.
        mounts: host paths that are visible, beside /usr and a little of /etc.
        writable: those of `mounts` that are not read-only.
        root_entries: names in the box's root directory.
    """

    def __init__(
        self, spec: JailSpec, spawner: Spawner, channel: Channel, ready: Received, own: bool
    ) -> None:
        """Take over `channel` and the descriptors of `ready`; `own`: also the spawner."""
        self._spawner = spawner
        self._own_spawner = own
        self._channel = channel
        self._numbers = itertools.count(1)
        self._exits: dict[int, asyncio.Future[wire.Exited]] = {}
        self._processes: list[JailedProcess] = []
        self._reader = asyncio.create_task(self._read())
        needed = plan.needed_mounts(spec.mounts, spawner.host)
        assert isinstance(ready.message, wire.Ready)
        self.root_fd, self._pidfd, *sockets = ready.descriptors
        self.listeners = {
            Role(name): socket.socket(fileno=fd)
            for name, fd in zip(ready.message.listeners, sockets, strict=True)
        }
        self.holder_pid = ready.pid
        self._gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._pidfd, self._note_end)
        self.paths = Paths()
        self.owner = (spec.uid, spec.gid) if spawner.privileged else (os.geteuid(), os.getegid())
        self.mounts = tuple(mount.path for mount in needed)
        self.writable = tuple(mount.path for mount in needed if mount.writable)
        self.root_entries = plan.root_entries(spawner.host, needed)

    @classmethod
    async def open(cls, spec: JailSpec, spawner: Spawner | None = None) -> Self:
        """Make a jail; without a `spawner` it starts, and ends, one of its own.

        Raises:
            Unavailable: the machine lacks a mechanism; names it and the remedy.
            ConfigError: a mount can't be given to a box.
        """
        own = spawner is None
        spawner = spawner or await Spawner.start()
        channel, theirs = Channel.pair()
        try:
            with theirs:
                await spawner.open(_request(spec, spawner), theirs)
            ready = await channel.receive()
            _check_ready(ready)
        except BaseException:
            channel.close()
            if own:
                await spawner.close()
            raise
        assert ready is not None
        return cls(spec, spawner, channel, ready, own)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def run(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        *,
        control: bool = True,
        limit: int = 1 << 16,
    ) -> JailedProcess:
        """Prepare `argv`; it starts when the returned process is released.

        `env` is the whole environment, `limit` the size of the readers' buffers in bytes.

        Raises:
            Unavailable: the jail is gone, or a limit or the filter could not be set.
        """
        number = next(self._numbers)
        options = plan.bwrap_options(
            self._spawner.host, self.mounts, env, cwd, SECCOMP_FD, writable=self.writable
        )
        owner = self.owner if self._spawner.privileged else None
        pipes, theirs = await Pipes.open(limit, owner)
        channel, run_socket = Channel.pair()
        ours, control_socket = socket.socketpair() if control else (None, None)
        given = [*theirs, _memory_file(options), _memory_file(argv, end=b""), run_socket.detach()]
        if control_socket is not None:
            given.append(control_socket.detach())
        self._exits[number] = asyncio.get_running_loop().create_future()
        try:
            await self._channel.send(wire.RunProgram(number, control), tuple(given))
            held = await channel.receive()
            _check_held(held)
        except BaseException as error:
            pipes.close()
            channel.close()
            if ours is not None:
                ours.close()
            if isinstance(error, ConnectionError):
                raise _gone() from error
            raise
        finally:
            for fd in given:
                os.close(fd)
        assert held is not None
        process = JailedProcess(
            pid=held.pid,
            notify_fd=held.descriptors[0],
            control=ours,
            pipes=pipes,
            run_channel=channel,
            exited=self._exits[number],
            kill=lambda: self._kill(number),
        )
        self._processes.append(process)
        return process

    async def close(self) -> None:
        """Kill all that runs; return when nothing of the jail is left.

        A second call does nothing. If it is cancelled, the kill has been sent.
        """
        if self._pidfd < 0:
            return
        self._reader.cancel()
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        try:
            await self._gone.wait()
        finally:
            self._release()
        if self._own_spawner:
            await self._spawner.close()

    def _release(self) -> None:
        """Close every descriptor; the event loop forgets them first."""
        asyncio.get_running_loop().remove_reader(self._pidfd)
        pidfd, self._pidfd = self._pidfd, -1
        os.close(pidfd)
        os.close(self.root_fd)
        for listener in self.listeners.values():
            listener.close()
        for process in self._processes:
            process.close()
        self._fail_waiters()

    async def _kill(self, number: int) -> None:
        try:
            await self._channel.send(wire.KillProgram(number))
        except ConnectionError:
            await self._gone.wait()

    def _note_end(self) -> None:
        """The holder, the first of its pid namespace, has ended, and with it all others."""
        asyncio.get_running_loop().remove_reader(self._pidfd)
        self._gone.set()

    async def _read(self) -> None:
        while (received := await self._channel.receive()) is not None:
            if isinstance(received.message, wire.Exited):
                self._exits.pop(received.message.run).set_result(received.message)
        self._fail_waiters()

    def _fail_waiters(self) -> None:
        while self._exits:
            _number, waiter = self._exits.popitem()
            waiter.set_exception(_gone())
            waiter.exception()  # nobody may be waiting


def _request(spec: JailSpec, spawner: Spawner) -> wire.OpenBox:
    mounts = plan.needed_mounts(spec.mounts, spawner.host)
    sources = check_sources(mounts)
    paths = tuple(path for path, _is_directory in sources)
    return wire.OpenBox(
        sources=(*spawner.bwrap.sources, *paths),
        targets=(*spawner.bwrap.targets, *plan.staged_places(paths)),
        placeholders=plan.placeholders(sources),
        rlimits=plan.rlimits(spec.limits),
        disk_bytes=spec.limits.disk_bytes,
        disk_inodes=spec.limits.disk_inodes,
        bwrap=spawner.bwrap.executable,
        uid=spec.uid,
        gid=spec.gid,
    )


def _check_ready(received: Received | None) -> None:
    if received is None:
        raise _gone()
    if isinstance(received.message, wire.Failed):
        raise Unavailable(received.message.message, advice=received.message.advice)


def _check_held(received: Received | None) -> None:
    _check_ready(received)


def _gone() -> Unavailable:
    return Unavailable(
        "the box has ended: its holder was killed or could not go on",
        advice="look for what kills processes on this machine (out of memory, a supervisor)",
    )


def _memory_file(texts: Sequence[str], end: bytes = b"\0") -> int:
    """Return a descriptor to read `texts` from, separated by NUL."""
    fd = os.memfd_create("zu", os.MFD_CLOEXEC)
    data = memoryview(b"\0".join(os.fsencode(text) for text in texts) + end)
    while data:
        data = data[os.write(fd, data) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
