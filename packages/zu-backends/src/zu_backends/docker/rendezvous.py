"""Where a container's first process meets its harness: a directory with one socket in it.

The directory exists only while a container starts. It is bound into the container and
removed as soon as the container's own first process, and nobody else, has connected.
"""

import asyncio
import os
import secrets
import shutil
import socket
import struct
import tempfile
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from zu_backends.boxes.channel import Channel
from zu_backends.docker.labels import is_abandoned, this_harness
from zu_core.errors import Unavailable

SOCKET: Final = "socket"
ACCEPT_SECONDS: Final = 30.0
_PREFIX: Final = "zu-docker-"
_CREDENTIALS: Final = struct.Struct("=iII")


class Rendezvous:
    """A listening SEQPACKET socket in a directory of its own; a context manager.

    Args:
        uid: the account in the container that may connect.
    """

    def __init__(self, uid: int) -> None:
        self.directory = os.path.join(_base(), f"{_PREFIX}{this_harness()}:{secrets.token_hex(4)}")
        os.mkdir(self.directory, 0o711)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # What this socket's peer sends carries its pid; an accepted socket inherits that.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            self._bind(uid)
            self._socket.listen(4)
            self._socket.setblocking(False)
        except BaseException:
            self.close()
            raise

    def _bind(self, uid: int) -> None:
        """Bind by a descriptor of the directory: a socket's path has 107 bytes, unix(7)."""
        directory = os.open(self.directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            path = f"/proc/self/fd/{directory}/{SOCKET}"
            self._socket.bind(path)
            os.chmod(path, 0o600)
            if os.geteuid() == 0:
                os.chown(path, uid, uid)
        finally:
            os.close(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket and remove the directory."""
        self._socket.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    async def accept(self, pid: int) -> Channel:
        """Return the connection of process `pid`; others are turned away.

        Raises:
            Unavailable: it does not come.
        """
        return Channel(await self.accept_socket(pid))

    async def accept_socket(self, pid: int) -> socket.socket:
        """As `accept`, without the framing."""
        accepting = asyncio.create_task(self._accept(pid))
        ended = asyncio.create_task(_ended(pid))
        try:
            await asyncio.wait(
                {accepting, ended}, timeout=ACCEPT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if accepting.done():
                return accepting.result()
        finally:
            for task in (accepting, ended):
                task.cancel()
            await asyncio.wait({accepting, ended})
        raise Unavailable(
            "the container's first process did not report",
            advice="its image needs python3, 3.10 or later, and harness and engine must "
            "share one pid namespace and one file system",
        )

    async def _accept(self, pid: int) -> socket.socket:
        while True:
            sock, _address = await asyncio.get_running_loop().sock_accept(self._socket)
            if _peer(sock) == pid:
                return sock
            sock.close()


async def _ended(pid: int) -> None:
    """Return when process `pid` has ended; pidfd_open(2)."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop.add_reader(fd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)


def remove_abandoned() -> Sequence[str]:
    """Remove directories that killed harnesses left; return their names."""
    base, found = _base(), []
    for name in os.listdir(base):
        harness = name.removeprefix(_PREFIX).rpartition(":")[0]
        if name.startswith(_PREFIX) and is_abandoned(harness):
            shutil.rmtree(os.path.join(base, name), ignore_errors=True)
            found.append(name)
    return found


def _base() -> str:
    return tempfile.gettempdir()


def _peer(sock: socket.socket) -> int:
    """Return the pid that connected, in our pid namespace; 0 for one that is not in it."""
    data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid: int = _CREDENTIALS.unpack(data)[0]
    return pid
