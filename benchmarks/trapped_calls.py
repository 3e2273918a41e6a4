"""What a call costs that waits until it is recorded, next to the same call without a box."""

import asyncio
import subprocess

import msgspec

from benchmarks.boxes import open_box
from benchmarks.measure import Report, Row
from benchmarks.peers import PYTHON
from zu_backends.boxes.bubblewrap import Spawner

# Prints the times of single calls in microseconds, as JSON lists.
_CALLS = """
import os, sys, time
def times(call, count):
    found = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        found.append((time.perf_counter() - started) * 1e6)
    return found
def spawn():
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
count = int(sys.argv[1])
print([times(lambda: os.close(os.open("/dev/null", os.O_RDONLY)), count),
       times(lambda: os.close(os.open("/dev/null", os.O_WRONLY)), count),
       times(spawn, count // 10)])
"""
_NAMES = ("open for reading", "open for writing", "start of /bin/true")


async def measure(runs: int) -> Report:
    """Make `runs` times 20 opens and twice as many starts, outside and in a box."""
    command = (PYTHON, "-I", "-S", "-c", _CALLS, "200")
    plain: list[list[float]] = [[], [], []]
    boxed: list[list[float]] = [[], [], []]
    async with await Spawner.start() as spawner:
        for _ in range(max(runs // 10, 1)):
            _add(plain, await asyncio.to_thread(_outside, command))
            async with open_box(spawner) as box:
                program = await box.start(command)
                _add(boxed, await program.stdout.read())
    rows = []
    for number, name in enumerate(_NAMES):
        rows.append(Row(name=name, times=tuple(plain[number])))
        rows.append(Row(name=f"{name}, in a box", times=tuple(boxed[number]), floor=name))
    return Report(name="one system call", unit="µs", rows=tuple(rows))


def _outside(command: tuple[str, ...]) -> bytes:
    return subprocess.run(command, env={}, check=True, capture_output=True).stdout


def _add(found: list[list[float]], printed: bytes) -> None:
    for known, new in zip(found, msgspec.json.decode(printed, type=list[list[float]]), strict=True):
        known.extend(new)
