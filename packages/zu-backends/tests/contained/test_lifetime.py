"""Nothing of a box outlives its harness, at whatever moment that is killed."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROUNDS = 20
MOMENTS = random.Random(7)


def die(number: signal.Signals, seconds: float, temporary: Path) -> dict:
    before = mounts(), stray_files()
    done = subprocess.run(
        [sys.executable, HERE / "witness.py", HERE / "harness.py", str(int(number)), str(seconds)],
        env={"TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert mounts() == before[0]
    assert stray_files() <= before[1]
    assert os.listdir(temporary) == []
    return json.loads(done.stdout)


def stray_files() -> set[str]:
    # Container engines are used by other tests of this machine at the same time.
    names = (name for name in os.listdir("/tmp") if name.startswith("zu"))
    return {name for name in names if not name.startswith("zu-docker")}


def mounts() -> set[str]:
    """Where something is mounted that a box could have mounted: none of it may stay.

    Other programs of the machine mount and unmount at the same time, elsewhere.
    """
    places = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return {
        place for place in places if place.split("/")[1] in ("tmp", "proc", "usr", "etc", "dev")
    }


@pytest.mark.parametrize("moment", [MOMENTS.uniform(0, 0.4) for _ in range(ROUNDS)])
def test_sigkill(moment, tmp_path):
    found = die(signal.SIGKILL, moment, tmp_path)
    assert found["left"] == []
    assert found["seconds"] < 1.0


@pytest.mark.parametrize("moment", [0.0, *(MOMENTS.uniform(0, 0.4) for _ in range(5))])
def test_ctrl_c(moment, tmp_path):
    found = die(signal.SIGINT, moment, tmp_path)
    assert found["left"] == []
    assert found["seconds"] < 3.0
