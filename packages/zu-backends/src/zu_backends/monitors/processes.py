"""The processes below one process, and the memory that they hold, read from /proc."""

import os
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from zu_backends.monitors.procfs import (
    ProcessStatus,
    parse_children,
    parse_rollup,
    parse_status,
)

# A read of /proc about a process that is gone or ends meanwhile.
_GONE: Final = (FileNotFoundError, ProcessLookupError)
_READ_BYTES: Final = 16 * 1024


class Sample(msgspec.Struct, frozen=True):
    """One look at a process and all its descendants.

    Attributes:
        pids: those that are no zombies.
        memory_bytes: sum of `ProcessStatus.private_bytes`; an upper bound, because what
            processes share after fork(2) counts in each.
    """

    pids: tuple[int, ...]
    memory_bytes: int


def kernel_lists_children() -> bool:
    """Whether /proc/PID/task/TID/children exists (CONFIG_PROC_CHILDREN)."""
    return os.path.exists("/proc/thread-self/children")


def sample_tree(root_pid: int, *, scan: bool = False) -> Sample:
    """Look at `root_pid` and all below it; an empty sample if it is gone or a zombie.

    A process that starts or ends meanwhile may be missed (proc(5), "children"); the next
    sample has it.

    Args:
        root_pid: a process of our pid namespace.
        scan: find children by reading every process of the machine, for a kernel
            without `kernel_lists_children`.

    Raises:
        OSError: /proc can't be read, e.g. PermissionError under hidepid.
    """
    children_of: Callable[[int], Iterable[int]] = _scan() if scan else _children
    pids = []
    memory = 0
    pending = [root_pid]
    seen = {root_pid}
    while pending:
        pid = pending.pop()
        status = read_status(pid)
        if status is None or status.state in "ZX":
            continue
        pids.append(pid)
        memory += status.private_bytes
        for child in children_of(pid):
            if child not in seen:
                seen.add(child)
                pending.append(child)
    return Sample(tuple(pids), memory)


def shared_out_bytes(pids: Iterable[int]) -> int:
    """Return the memory of `pids` with each shared page counted once among its users.

    The kernel walks the page tables for it: about 10 ms per GiB in small pages. A
    process whose table can't be read counts as `ProcessStatus.private_bytes`.
    """
    return sum(_share(pid) for pid in pids)


def read_status(pid: int) -> ProcessStatus | None:
    """Return what /proc says about a process or thread; None if it is gone."""
    try:
        return parse_status(_read(f"/proc/{pid}/status"))
    except _GONE:
        return None


def _share(pid: int) -> int:
    try:
        return parse_rollup(_read(f"/proc/{pid}/smaps_rollup"))
    except _GONE:
        return 0
    except (PermissionError, ValueError):
        status = read_status(pid)
        return status.private_bytes if status else 0


def _children(pid: int) -> list[int]:
    """Children belong to the thread that forked them."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            found += parse_children(_read(f"/proc/{pid}/task/{thread}/children"))
    except _GONE:
        pass
    return found


def _scan() -> Callable[[int], Iterable[int]]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        status = read_status(int(name)) if name.isdecimal() else None
        if status is not None:
            children.setdefault(status.parent_pid, []).append(status.tgid)
    return lambda pid: children.get(pid, ())


def _read(path: str) -> bytes:
    """The whole of a file of /proc; a third of the time that `open` takes."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(fd, _READ_BYTES):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)
