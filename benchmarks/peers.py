"""The floors: the same program without a box, and in a box of bubblewrap alone."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from zu_backends.boxes.bwrap import SYSTEM_PATHS, find_bwrap
from zu_backends.boxes.host import read_host_root

PREFIX = os.path.realpath(sys.base_prefix)
PYTHON = os.path.join(PREFIX, "bin", f"python3.{sys.version_info[1]}")


def bubblewrap() -> list[str]:
    """Return the start of a command line: a usual box, with nothing that watches it."""
    host = read_host_root()
    options = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    options += ["--ro-bind", "/usr", "/usr"]
    for name in host.directories:
        options += ["--ro-bind", f"/{name}", f"/{name}"]
    for name, target in host.symlinks:
        options += ["--symlink", target, f"/{name}"]
    if not PREFIX.startswith("/usr"):
        options += ["--ro-bind", PREFIX, PREFIX]
    return [_executable(), *options, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]


def milliseconds(command: Sequence[str]) -> float:
    """Run `command` to its end; return the time that it took."""
    started = time.perf_counter()
    subprocess.run(command, env={}, check=True)
    return (time.perf_counter() - started) * 1e3


def _executable() -> str:
    found = find_bwrap()
    if found.executable in SYSTEM_PATHS:
        return found.executable
    return str(Path(found.sources[0]) / "_bin" / "bwrap")
