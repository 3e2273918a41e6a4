"""From command to verdict: the whole gate on a real server with two tools."""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Aim, Report, Row

_TARGET = Path(__file__).parent.parent / ".venv-targets" / "bin" / "mcp-server-time"
_GATE = Path(sys.executable).with_name("zu")
_AIM_SECONDS = 15.0


async def measure(runs: int) -> Report:
    """Run the gate once for every ten of `runs`."""
    name = "gate of mcp-server-time"
    for needed in (_TARGET, _GATE):
        if not needed.is_file():
            return Report(name=name, unit="s", missing=f"{needed.name} is not installed")
    times = []
    for _ in range(max(runs // 10, 1)):
        seconds, code, said = await asyncio.to_thread(_gate)
        if code:
            return Report(name=name, unit="s", missing=f"the gate ended with {code}: {said}")
        times.append(seconds)
    row = Row(name="command to verdict", times=tuple(times))
    aim = Aim(row=row.name, at_most=_AIM_SECONDS)
    return Report(name=name, unit="s", rows=(row,), aims=(aim,))


def _gate() -> tuple[float, int, str]:
    """Return seconds, exit code and the end of what was said."""
    with tempfile.TemporaryDirectory() as directory:
        log = str(Path(directory) / "log.sqlite")
        command = [str(_GATE), "test-plugin", "--quiet", "--log", log, "--", str(_TARGET)]
        started = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return (
            time.perf_counter() - started,
            done.returncode,
            (done.stderr or done.stdout)[-300:].strip(),
        )
