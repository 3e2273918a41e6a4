"""One JSON line to a program and back: through a box's pipes, and through plain ones."""

import asyncio
import time
from typing import Protocol

from benchmarks.boxes import open_box
from benchmarks.measure import Report, Row
from benchmarks.peers import PYTHON
from zu_backends.boxes.bubblewrap import Spawner

_ECHO = """
import sys
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
"""
_PROGRAM = (PYTHON, "-I", "-S", "-c", _ECHO)
_MESSAGE = (
    b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":'
    b'{"name":"convert_time","arguments":{"time":"12:30","source":"UTC"}}}\n'
)


class _Reader(Protocol):
    async def read(self, n: int = -1, /) -> bytes: ...


class _Writer(Protocol):
    def write(self, data: bytes, /) -> None: ...

    async def drain(self) -> None: ...


async def measure(runs: int) -> Report:
    """Send `runs` times 40 messages to each, by turns."""
    plain: list[float] = []
    boxed: list[float] = []
    process = await asyncio.create_subprocess_exec(
        *_PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with await Spawner.start() as spawner, open_box(spawner) as box:
        program = await box.start(_PROGRAM)
        for turn in range(runs * 40 + 100):
            one = await _round_trip(process.stdout, process.stdin)
            other = await _round_trip(program.stdout, program.stdin)
            if turn >= 100:
                plain.append(one)
                boxed.append(other)
        process.stdin.close()
        await process.wait()
    rows = (
        Row(name="plain pipes", times=tuple(plain)),
        Row(name="pipes of a box", times=tuple(boxed), floor="plain pipes"),
    )
    return Report(name="one message there and back", unit="µs", rows=rows)


async def _round_trip(reader: _Reader, writer: _Writer) -> float:
    """Microseconds until the line is back."""
    started = time.perf_counter()
    writer.write(_MESSAGE)
    await writer.drain()
    got = 0
    while got < len(_MESSAGE):
        piece = await reader.read(65536)
        if not piece:
            raise RuntimeError("the program ended")
        got += len(piece)
    return (time.perf_counter() - started) * 1e6
