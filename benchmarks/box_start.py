"""From nothing to a Python program that has run in a box, next to the same without."""

import asyncio
import time

from benchmarks.boxes import open_box
from benchmarks.measure import Aim, Report, Row
from benchmarks.peers import PYTHON, bubblewrap, milliseconds
from zu_backends.boxes.bubblewrap import Spawner

_PROGRAM = (PYTHON, "-I", "-S", "-c", "pass")
_FLOOR = "bwrap + python"


async def measure(runs: int) -> Report:
    """Run each of them `runs` times, by turns."""
    boxed = (*bubblewrap(), *_PROGRAM)
    times: dict[str, list[float]] = {}
    async with await Spawner.start() as spawner:
        for turn in range(runs + 1):
            found = await _in_box(spawner)
            found["python"] = await asyncio.to_thread(milliseconds, _PROGRAM)
            found[_FLOOR] = await asyncio.to_thread(milliseconds, boxed)
            if turn:  # the first fills caches
                for name, one in found.items():
                    times.setdefault(name, []).append(one)
    floors = {"python": "", _FLOOR: ""}
    names = ("python", _FLOOR, "box: program runs", "box: program has ended", "box: all is gone")
    rows = (
        Row(name=name, times=tuple(times[name]), floor=floors.get(name, _FLOOR)) for name in names
    )
    aims = tuple(Aim(row=name, at_most=3.0) for name in names[2:4])
    return Report(name="start of a box", unit="ms", rows=tuple(rows), aims=aims)


async def _in_box(spawner: Spawner) -> dict[str, float]:
    """Time from the request for a box to three points of its life."""
    started = time.perf_counter()
    async with open_box(spawner) as box:
        program = await box.start(_PROGRAM)
        running = time.perf_counter()
        program.stdin.close()
        end = await program.wait()
        ended = time.perf_counter()
    gone = time.perf_counter()
    if end.code:
        raise RuntimeError(f"the program ended with {end.code}")
    return {
        "box: program runs": (running - started) * 1e3,
        "box: program has ended": (ended - started) * 1e3,
        "box: all is gone": (gone - started) * 1e3,
    }
