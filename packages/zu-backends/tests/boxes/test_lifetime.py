"""What is left when a harness dies: nothing, within a second."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SESSION = Path(__file__).with_name("session.py")
LIMIT_S = 1.0


def processes_with(marker):
    """Return the pids whose command line holds `marker`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def session():
    marker = str(random.randrange(10**8, 10**9))
    command = [sys.executable, str(SESSION), marker]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    pids = tuple(map(int, process.stdout.readline().split()))
    yield process, pids, marker.encode()
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("victim", ["harness", "spawner", "holder"])
def test_sigkill_ends_everything_within_a_second(session, victim):
    process, (spawner, holder), marker = session
    before = Path("/proc/self/mountinfo").read_text(), sorted(os.listdir("/tmp"))
    inside = [pid for pid in processes_with(marker) if pid != process.pid]
    assert len(inside) >= 3
    os.kill({"harness": process.pid, "spawner": spawner, "holder": holder}[victim], signal.SIGKILL)
    deadline = time.monotonic() + LIMIT_S
    ours = [*inside, holder, *([] if victim == "holder" else [spawner])]
    while any(map(alive, ours)):
        assert time.monotonic() < deadline, f"alive: {[pid for pid in ours if alive(pid)]}"
        time.sleep(0.005)
    assert Path("/proc/self/mountinfo").read_text() == before[0]
    assert not {name for name in os.listdir("/tmp") if "zu" in name} - set(before[1])


def test_a_terminal_s_interrupt_reaches_the_harness_only(session):
    process, (spawner, holder), _marker = session
    assert os.getsid(spawner) == spawner != os.getsid(process.pid)
    assert alive(holder)
