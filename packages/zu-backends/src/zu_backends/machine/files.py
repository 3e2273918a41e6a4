"""What files of the system tell: kernel, limits of inotify, control groups, memory, /proc.

`root` is the directory that holds proc and sys; tests give one of their own.
"""

import os
import re
import resource
from pathlib import Path
from typing import Final

from zu_backends.machine.finding import Finding

OLDEST_KERNEL: Final = (5, 9)
_INSTANCES: Final = 32
_WATCHES: Final = 1024
_GIB: Final = 1 << 30


def kernel(release: str) -> Finding:
    """Judge the kernel by its release, e.g. "6.1.0-13-amd64"."""
    match = re.match(r"(\d+)\.(\d+)", release)
    if match is None:
        return Finding(name="kernel", state="unknown", found=release)
    known = (int(match[1]), int(match[2])) >= OLDEST_KERNEL
    return Finding(
        name="kernel",
        state="ok" if known else "missing",
        found=f"Linux {release}",
        remedy="" if known else "use Linux 5.9 or later: older ones report no system calls",
    )


def inotify(root: Path) -> Finding:
    """Judge how many files may be watched."""
    try:
        instances, watches = (
            int((root / f"proc/sys/fs/inotify/max_user_{name}").read_text())
            for name in ("instances", "watches")
        )
    except (OSError, ValueError) as error:
        return Finding(name="inotify", state="unknown", found=str(error))
    enough = instances >= _INSTANCES and watches >= _WATCHES
    return Finding(
        name="inotify",
        state="ok" if enough else "missing",
        found=f"{instances} instances, {watches} watches for each user",
        remedy=""
        if enough
        else f"sysctl fs.inotify.max_user_instances={_INSTANCES} "
        f"fs.inotify.max_user_watches={_WATCHES}, or more",
    )


def cgroup_v1(root: Path) -> Finding:
    """Tell which controllers hang in hierarchies of version 1, and whether we may use them."""
    mounts = _mounts(root)
    if mounts is None:
        return _no_mounts("cgroup v1")
    wanted = {"memory", "pids", "cpu"}
    found = {
        name: place
        for place, kind, options in mounts
        if kind == "cgroup"
        for name in wanted & set(options.split(","))
    }
    if not found:
        return Finding(
            name="cgroup v1", state="missing", found="no hierarchy of version 1", needed=False
        )
    ours = sorted(name for name, place in found.items() if _writable(root, place))
    return Finding(
        name="cgroup v1",
        state="ok" if len(ours) == len(wanted) else "missing",
        found=f"controllers {', '.join(sorted(found))}; for us: {', '.join(ours) or 'none'}",
        remedy="" if ours else "run Zu as root to have its limits held by control groups too",
        needed=False,
    )


def cgroup_v2(root: Path) -> Finding:
    """Tell which controllers the unified hierarchy has, and whether it is delegated to us."""
    mounts = _mounts(root)
    if mounts is None:
        return _no_mounts("cgroup v2")
    place = next((place for place, kind, _options in mounts if kind == "cgroup2"), None)
    if place is None:
        return Finding(
            name="cgroup v2", state="missing", found="no unified hierarchy", needed=False
        )
    try:
        own = _own_group(root)
        below = root / place.lstrip("/") / own.lstrip("/")
        controllers = (below / "cgroup.controllers").read_text().split()
    except OSError as error:
        return Finding(name="cgroup v2", state="unknown", found=str(error), needed=False)
    delegated = os.access(below, os.W_OK) and os.access(below / "cgroup.procs", os.W_OK)
    usable = delegated and {"memory", "pids"} <= set(controllers)
    return Finding(
        name="cgroup v2",
        state="ok" if usable else "missing",
        found=f"controllers {', '.join(controllers) or 'none'}; "
        f"{'delegated to us' if delegated else 'not delegated to us'}",
        remedy=""
        if usable or delegated
        else "start Zu by `systemd-run --user --scope -p Delegate=yes`; without, limits are "
        "held by rlimits and sampling",
        needed=False,
    )


def proc_mounts(root: Path) -> Finding:
    """Tell whether /proc shows all processes, and what covers parts of it."""
    mounts = _mounts(root)
    if mounts is None:
        return _no_mounts("/proc mounts")
    hidden = [options for place, kind, options in mounts if place == "/proc" and kind == "proc"]
    covered = sorted({place for place, _kind, _options in mounts if place.startswith("/proc/")})
    hides = [options for options in hidden if re.search(r"hidepid=(?!0|off)", options)]
    return Finding(
        name="/proc mounts",
        state="missing" if hides else "ok",
        found=f"hides processes ({hides[0]})"
        if hides
        else f"covered in part: {', '.join(covered)}"
        if covered
        else "whole",
        remedy="mount -o remount,hidepid=0 /proc: monitors read what programs do there"
        if hides
        else "",
    )


def memory(root: Path) -> Finding:
    """Tell how much memory there is, and the hard limit that processes inherit."""
    try:
        text = (root / "proc/meminfo").read_text()
    except OSError as error:
        return Finding(name="memory", state="unknown", found=str(error))
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.M)
    if match is None:
        return Finding(name="memory", state="unknown", found="MemAvailable is not told")
    available = int(match[1]) * 1024
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    bounded = hard not in (resource.RLIM_INFINITY, -1) and hard < _GIB
    enough = available >= _GIB and not bounded
    limit = f"; RLIMIT_DATA {hard} bytes" if bounded else ""
    return Finding(
        name="memory",
        state="ok" if enough else "missing",
        found=f"{available / _GIB:.1f} GiB available{limit}",
        remedy="" if enough else "a box may use 1 GiB: free memory, or use --memory",
        needed=bounded,
    )


def _mounts(root: Path) -> list[tuple[str, str, str]] | None:
    """Return mount point, type and options of all mounts; proc_pid_mounts(5)."""
    try:
        lines = (root / "proc/self/mounts").read_text(errors="backslashreplace").splitlines()
    except OSError:
        return None
    return [(line[1], line[2], line[3]) for line in map(str.split, lines) if len(line) > 3]


def _no_mounts(name: str) -> Finding:
    return Finding(name=name, state="unknown", found="/proc/self/mounts can't be read")


def _own_group(root: Path) -> str:
    for line in (root / "proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return line[3:]
    return "/"


def _writable(root: Path, place: str) -> bool:
    return os.access(root / place.lstrip("/"), os.W_OK)
