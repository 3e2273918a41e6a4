"""Texts of /proc as values; pure. Formats: proc(5), Documentation/filesystems/proc.rst."""

import msgspec

_KIB = 1024


class ProcessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What /proc/PID/status says; a thread's file answers for its process.

    Attributes:
        tgid: the process (thread group) id.
        parent_pid: the parent's process id, 0 where it lies outside of our namespace.
        uid: the user that its file accesses are made as (credentials(7), file-system uid).
        state: one letter, "Z" for a zombie.
        private_bytes: anonymous, shared-memory and swapped pages. Pages of files are
            left out: the page cache holds them once for the whole machine. Pages that
            several processes share count in each of them.
    """

    tgid: int
    parent_pid: int
    uid: int
    state: str
    private_bytes: int


def parse_status(text: bytes) -> ProcessStatus:
    """Parse /proc/PID/status.

    The kernel escapes newlines in the process name, so no line of it can be forged by a
    program that names itself.

    Raises:
        ValueError: the text lacks a field that every kernel since 4.5 writes.
    """
    return ProcessStatus(
        tgid=int(_required(text, b"Tgid")),
        parent_pid=int(_required(text, b"PPid")),
        uid=int(_required(text, b"Uid").split()[-1]),
        state=_required(text, b"State")[:1].decode("ascii"),
        private_bytes=sum(_kib(text, key) for key in (b"RssAnon", b"RssShmem", b"VmSwap")),
    )


def parse_rollup(text: bytes) -> int:
    """Return the proportional share, in bytes, of anonymous, shared and swapped pages.

    The text is /proc/PID/smaps_rollup (Pss_Anon and Pss_Shmem exist since Linux 5.3): a
    page that N processes share counts 1/N in each.

    Raises:
        ValueError: the text lacks these fields.
    """
    _required(text, b"Pss_Anon")
    _required(text, b"Pss_Shmem")
    return sum(_kib(text, key) for key in (b"Pss_Anon", b"Pss_Shmem", b"SwapPss"))


def parse_children(text: bytes) -> tuple[int, ...]:
    """Parse /proc/PID/task/TID/children: decimal pids, separated by blanks."""
    return tuple(int(word) for word in text.split())


def _field(text: bytes, key: bytes) -> bytes | None:
    """The value of the line "key: value". The first line names the process or a range."""
    start = text.find(b"\n" + key + b":")
    if start < 0:
        return None
    start += len(key) + 2
    end = text.find(b"\n", start)
    return text[start : end if end >= 0 else len(text)].strip()


def _required(text: bytes, key: bytes) -> bytes:
    value = _field(text, key)
    if not value:
        raise ValueError(f"text of /proc without {key.decode()}")
    return value


def _kib(text: bytes, key: bytes) -> int:
    """Bytes of a field such as "   123 kB"; kernel threads and zombies have none."""
    value = _field(text, key)
    return int(value.split()[0]) * _KIB if value else 0
