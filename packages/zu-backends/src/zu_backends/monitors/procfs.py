"""Texts of /proc as values; pure. Formats: proc(5), Documentation/filesystems/proc.rst."""

import msgspec

_KIB = 1024


class ProcessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What /proc/PID/status says; a thread's file answers for its process.

    Attributes:
        tgid: the process (thread group) id.
        parent_pid: the parent's process id, 0 where it lies outside of our namespace.
        state: one letter, "Z" for a zombie.
        private_bytes: anonymous, shared-memory and swapped pages. Pages of files are
            left out: the page cache holds them once for the whole machine. Pages that
            several processes share count in each of them.
    """

    tgid: int
    parent_pid: int
    state: str
    private_bytes: int


def parse_status(text: bytes) -> ProcessStatus:
    """Parse /proc/PID/status.

    The kernel escapes newlines in the process name, so no line of it can be forged by a
    program that names itself.

    Raises:
        ValueError: the text lacks a field that every kernel since 4.5 writes.
    """
    fields = _fields(text)
    try:
        return ProcessStatus(
            tgid=int(fields[b"Tgid"]),
            parent_pid=int(fields[b"PPid"]),
            state=fields[b"State"][:1].decode("ascii"),
            private_bytes=sum(
                _kib(fields.get(key)) for key in (b"RssAnon", b"RssShmem", b"VmSwap")
            ),
        )
    except KeyError as error:
        raise ValueError(f"/proc status without {error}") from error


def parse_rollup(text: bytes) -> int:
    """Return the proportional share, in bytes, of anonymous, shared and swapped pages.

    The text is /proc/PID/smaps_rollup (Pss_Anon and Pss_Shmem exist since Linux 5.3): a
    page that N processes share counts 1/N in each.

    Raises:
        ValueError: the text lacks these fields.
    """
    fields = _fields(text)
    if b"Pss_Anon" not in fields or b"Pss_Shmem" not in fields:
        raise ValueError("smaps_rollup without Pss_Anon and Pss_Shmem")
    return sum(_kib(fields.get(key)) for key in (b"Pss_Anon", b"Pss_Shmem", b"SwapPss"))


def parse_children(text: bytes) -> tuple[int, ...]:
    """Parse /proc/PID/task/TID/children: decimal pids, separated by blanks."""
    return tuple(int(word) for word in text.split())


def _fields(text: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in text.split(b"\n"))
    return {key: value.strip() for key, colon, value in pairs if colon}


def _kib(value: bytes | None) -> int:
    """Bytes of a field such as "   123 kB"; kernel threads and zombies have none."""
    if value is None:
        return 0
    return int(value.split()[0]) * _KIB
