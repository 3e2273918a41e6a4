"""Messages with descriptors over a SEQPACKET socket, for the event loop of the harness."""

import array
import asyncio
import socket
import struct
from typing import NamedTuple

from zu_backends.boxes import wire

_CREDENTIALS = struct.Struct("=iII")


class Received(NamedTuple):
    """A message, the descriptors that came along, and the pid of its sender on this host."""

    message: wire.Message
    descriptors: tuple[int, ...]
    pid: int


class Channel:
    """One end of a socket pair; the descriptors it receives belong to the caller."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._readers: set[asyncio.Event] = set()
        self._writers: set[asyncio.Event] = set()
        sock.setblocking(False)

    @classmethod
    def pair(cls) -> tuple["Channel", socket.socket]:
        """Return a channel and the other end, for another process."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # The kernel translates the sender's pid into our pid namespace; unix(7).
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        return cls(ours), theirs

    async def send(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> None:
        """Send `message`; waits while the other end does not read.

        Raises:
            ConnectionError: the other end is gone, or this one closed.
        """
        while self._socket.fileno() >= 0:
            try:
                wire.send(self._socket, message, descriptors)
            except BlockingIOError:
                await self._writable()
            else:
                return
        raise ConnectionAbortedError("the channel was closed")

    async def receive(self) -> Received | None:
        """Return the next message; None at the end of the stream."""
        while self._socket.fileno() >= 0:
            try:
                return self._receive_now()
            except BlockingIOError:
                await self._readable()
            except ConnectionError:
                return None
        return None

    def close(self) -> None:
        """Close the socket; the other end, and who waits here, get the end of the stream.

        The event loop must forget the descriptor first: it would take the next one of the
        same number for this one, and never look at it.
        """
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()
        _wake(self._readers | self._writers)

    def _receive_now(self) -> Received | None:
        space = socket.CMSG_SPACE(4 * wire.MAX_DESCRIPTORS) + socket.CMSG_SPACE(_CREDENTIALS.size)
        packet, ancillary, _flags, _address = self._socket.recvmsg(
            wire.MAX_MESSAGE, space, socket.MSG_CMSG_CLOEXEC
        )
        if not packet:
            return None
        descriptors, pid = array.array("i"), 0
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(data[: len(data) // 4 * 4])
            elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid = _CREDENTIALS.unpack(data)[0]
        return Received(wire.decode(packet), tuple(descriptors), pid)

    async def _readable(self) -> None:
        self._loop.add_reader(self._socket, _wake, self._readers)
        try:
            await _wait_among(self._readers)
        finally:
            if not self._readers and self._socket.fileno() >= 0:
                self._loop.remove_reader(self._socket)

    async def _writable(self) -> None:
        self._loop.add_writer(self._socket, _wake, self._writers)
        try:
            await _wait_among(self._writers)
        finally:
            if not self._writers and self._socket.fileno() >= 0:
                self._loop.remove_writer(self._socket)


def _wake(waiters: set[asyncio.Event]) -> None:
    for waiter in waiters:
        waiter.set()


async def _wait_among(waiters: set[asyncio.Event]) -> None:
    """Wait as one of several: the event loop knows one callback for each descriptor."""
    ready = asyncio.Event()
    waiters.add(ready)
    try:
        await ready.wait()
    finally:
        waiters.discard(ready)
