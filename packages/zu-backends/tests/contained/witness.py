"""Starts a harness, ends it with a signal at some moment, tells what is left of it.

Run as `python witness.py HARNESS SIGNAL SECONDS`; every orphan becomes a child of this
process (PR_SET_CHILD_SUBREAPER), so none can be missed. Prints one JSON object.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PATIENCE_SECONDS = 5.0


def main(harness: str, number: int, seconds: float) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # A background job of a shell ignores Ctrl-C, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen([sys.executable, harness], stdout=subprocess.PIPE)
    if process.stdout.readline() != b"ready\n":
        sys.exit("the harness did not come up")
    time.sleep(seconds)
    process.send_signal(number)
    started = time.monotonic()
    left = reap(started + PATIENCE_SECONDS)
    json.dump({"left": left, "seconds": time.monotonic() - started}, sys.stdout)


def reap(until: float) -> list[str]:
    """Wait for all children; return the command lines of those that are there too long."""
    while time.monotonic() < until:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return []
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        pids = file.read().split()
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids]


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
