"""Pipes to a program in a box, as asyncio streams."""

import asyncio
import os
from typing import NamedTuple, Self


class Detached(NamedTuple):
    """Descriptors of a program's standard streams, blocking, owned by the caller.

    Attributes:
        stdout_head, stderr_head: what came through them before.
    """

    stdin: int
    stdout: int
    stderr: int
    stdout_head: bytes
    stderr_head: bytes


class Pipes(NamedTuple):
    """The harness's ends of a program's standard streams."""

    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader
    transports: tuple[asyncio.BaseTransport, ...]

    async def detach(self) -> "Detached":
        """Give the descriptors away; the streams are at their end from then on.

        For who moves bytes in threads of its own: a hop less for each message.
        """
        stdin, stdout, stderr = (_taken(one) for one in self.transports)
        heads = [await _rest(one) for one in (self.stdout, self.stderr)]
        return Detached(stdin, stdout, stderr, *heads)

    @classmethod
    async def open(cls, limit: int, owner: tuple[int, int] | None) -> tuple[Self, tuple[int, ...]]:
        """Return pipes and the descriptors of the other ends, which the caller closes.

        `limit`: bytes that a reader holds before it stops reading. `owner`: who gets the
        pipes, so that a program can open /dev/stdout again.
        """
        pairs = [os.pipe2(os.O_CLOEXEC) for _ in range(3)]
        if owner:
            for read, _write in pairs:
                os.fchown(read, *owner)
        (in_read, in_write), (out_read, out_write), (err_read, err_write) = pairs
        stdin, writing = await _writer(in_write)
        stdout, reading = await _reader(out_read, limit)
        stderr, reading_errors = await _reader(err_read, limit)
        ours = cls(stdin, stdout, stderr, (writing, reading, reading_errors))
        return ours, (in_read, out_write, err_write)

    def close(self) -> None:
        """Close all three; a program that still writes gets SIGPIPE."""
        for transport in self.transports:
            transport.close()


async def _reader(fd: int, limit: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    reader = asyncio.StreamReader(limit=limit)
    transport, _protocol = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0)
    )
    return reader, transport


async def _writer(fd: int) -> tuple[asyncio.StreamWriter, asyncio.BaseTransport]:
    loop = asyncio.get_running_loop()
    # A protocol that knows flow control; its own reader stays empty.
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()),
        os.fdopen(fd, "wb", buffering=0),
    )
    return asyncio.StreamWriter(transport, protocol, None, loop), transport


def _taken(transport: asyncio.BaseTransport) -> int:
    """Return a descriptor of a transport's pipe and close the transport.

    Of one that has ended, and may have closed its pipe, an empty file at its end.
    """
    if transport.is_closing():
        return os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    fd = os.dup(transport.get_extra_info("pipe").fileno())
    # Reading stops here, so what comes later is for the caller.
    transport.close()
    # The description is ours alone: the program has the other end of the pipe.
    os.set_blocking(fd, True)
    return fd


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Return what `reader` holds."""
    reader.feed_eof()
    return await reader.read()
