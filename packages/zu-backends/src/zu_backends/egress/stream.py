"""A connected socket in the loop, without buffers of its own, and the count of its octets.

Sockets and not transports: what is not read stays in the kernel and holds the sender
back, and a reset, a half close and a last look at the receive queue are one call each.
Each call is tried before it is waited for: on a busy connection it succeeds.
"""

import asyncio
import contextlib
import socket
import struct

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: close() sends RST, socket(7)


class Tally:
    """What a program sent and got, and the first octets that it sent."""

    def __init__(self, sample_bytes: int, start: bytes = b"") -> None:
        self._limit = sample_bytes
        self._sample = bytearray(start[:sample_bytes])
        self.sent = len(start)
        self.received = 0

    @property
    def sample(self) -> bytes:
        """The first octets that it sent."""
        return bytes(self._sample)

    def took(self, data: bytes | memoryview) -> None:
        """Note octets that it sent."""
        self.sent += len(data)
        if len(self._sample) < self._limit:
            self._sample += data[: self._limit - len(self._sample)]

    def gave_back(self, count: int) -> None:
        """Note that its last `count` octets belong to what follows."""
        self.sent -= count
        del self._sample[max(self.sent, 0) :]


class Stream:
    """One connection. With a tally it is the program's side, else the upstream's."""

    def __init__(self, sock: socket.socket, tally: Tally | None = None) -> None:
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:  # a socket pair
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self._loop = asyncio.get_running_loop()
        self._pushed = b""
        self.tally = tally

    def push_back(self, data: bytes) -> None:
        """Give `data`, counted already, to the next `recv`."""
        self._pushed = data

    def pushed(self) -> bytes:
        """Take what was pushed back; b"" for nothing."""
        data, self._pushed = self._pushed, b""
        return data

    def recv_now(self, count: int) -> bytes | None:
        """As `recv`, or None where nothing is there yet."""
        if self._pushed:
            return self.pushed()
        try:
            data = self.sock.recv(count)
        except BlockingIOError:
            return None
        if self.tally is not None:
            self.tally.took(data)
        return data

    async def recv(self, count: int) -> bytes:
        """Up to `count` octets (what was pushed back in one piece); b"" at the end."""
        while (data := self.recv_now(count)) is None:
            await self._readable()
        return data

    async def send(self, data: bytes) -> None:
        """Send all of `data`; returns when the kernel has taken it."""
        left = memoryview(data)
        while left:
            try:
                count = self.sock.send(left)
            except BlockingIOError:
                await writable(self.sock)
                continue
            left = left[count:]
            if self.tally is not None:
                self.tally.received += count

    async def _readable(self) -> None:
        ready = self._loop.create_future()
        self._loop.add_reader(self.sock, _set, ready)
        try:
            await ready
        finally:
            self._loop.remove_reader(self.sock)

    def take_waiting(self, limit: int) -> bytes:
        """What lies in the receive queue now, up to `limit` octets."""
        taken = bytearray()
        with contextlib.suppress(OSError):
            while len(taken) < limit and (data := self.sock.recv(limit - len(taken))):
                taken += data
        if self.tally is not None:
            self.tally.took(bytes(taken))
        return bytes(taken)

    def finish(self) -> None:
        """Send FIN: no more octets go this way."""
        with contextlib.suppress(OSError):  # the peer has reset the connection already
            self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close with RST."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.sock.close()

    def close(self) -> None:
        """Close; octets in the send queue are still delivered."""
        self.sock.close()


async def writable(sock: socket.socket) -> None:
    """Return when `sock` takes octets, or is connected, or has failed."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(sock, _set, ready)
    try:
        await ready
    finally:
        loop.remove_writer(sock)


def _set(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
