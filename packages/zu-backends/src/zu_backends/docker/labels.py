"""Who made a container, written on it, so that what a killed harness left can be told apart.

A harness is named by its boot, pid namespace, pid and start time: a pid alone may be
another process's by now.
"""

import os
from typing import Final

from zu_backends.docker.engine import Engine
from zu_core.errors import Unavailable

HARNESS: Final = "zu.harness"
BOX: Final = "zu.box"
_START_TIME: Final = 19  # of the fields behind the command's name in /proc/PID/stat, proc(5)


def this_harness() -> str:
    """Return the name of this process."""
    return f"{_place()}:{os.getpid()}:{_start_time(os.getpid())}"


def labels(box: str) -> dict[str, str]:
    """Return the labels of everything that belongs to `box`."""
    return {HARNESS: this_harness(), BOX: box}


def is_abandoned(harness: str) -> bool:
    """Whether the process that `harness` names has surely ended.

    One of another pid namespace can't be looked for: it counts as alive.
    """
    boot, _, rest = harness.partition(":")
    space, _, process = rest.partition(":")
    pid, _, started = process.partition(":")
    here_boot, here_space = _place().split(":")
    if not pid.isdigit() or not started:
        return False
    if boot != here_boot:
        return True
    return space == here_space and _start_time(int(pid)) != started


async def reap(engine: Engine) -> tuple[str, ...]:
    """Remove the containers and networks of harnesses that ended; return their names.

    Raises:
        Unavailable: one of them can't be removed.
    """
    removed = []
    for container in await engine.containers(HARNESS):
        if is_abandoned(container["Labels"][HARNESS]):
            await engine.remove(container["Id"])
            removed.append(str(container["Names"][0]).lstrip("/"))
    for network in await engine.networks(HARNESS):
        if is_abandoned(network["Labels"][HARNESS]):
            await engine.remove_network(network["Id"])
            removed.append(str(network["Name"]))
    return tuple(removed)


def _place() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return f"{file.read(8)}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError as error:
        raise Unavailable("this process can't be told from others without /proc") from error


def _start_time(pid: int) -> str:
    """Return when `pid` started, in clock ticks since boot; "" where there is no such one."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[_START_TIME]
    except (FileNotFoundError, ProcessLookupError):
        return ""
