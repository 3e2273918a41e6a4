"""Pipes to a program in a box, as asyncio streams."""

import asyncio
import os
from typing import NamedTuple, Self


class Pipes(NamedTuple):
    """The harness's ends of a program's standard streams."""

    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader
    transports: tuple[asyncio.BaseTransport, ...]

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
