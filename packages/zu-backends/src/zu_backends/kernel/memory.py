"""Reading the memory of another process, as a monitor does while that process waits."""

from typing import Final, NamedTuple

from zu_backends.kernel.libc import read_process_memory

# No page is smaller. A read that crosses into a page that is not mapped fails as a whole.
_PAGE: Final = 4096


class CString(NamedTuple):
    """A string of C: its bytes without the final NUL, and whether it was cut at the limit."""

    text: bytes
    truncated: bool


def read_bytes(pid: int, address: int, count: int) -> bytes:
    """Return up to `count` bytes; fewer where the memory behind them is not mapped.

    Raises:
        OSError: not one byte could be read (EFAULT), the process is gone (ESRCH) or out
            of reach (EPERM).
    """
    data = b""
    while len(data) < count:
        here = address + len(data)
        wanted = min(count - len(data), _PAGE - here % _PAGE)
        try:
            piece = read_process_memory(pid, here, wanted)
        except OSError:
            if data:
                break
            raise
        data += piece
        if len(piece) < wanted:
            break
    return data


def read_cstring(pid: int, address: int, limit: int = _PAGE) -> CString:
    """Return the NUL-terminated string at `address`, of at most `limit` bytes.

    Raises:
        OSError: as `read_bytes`, or EFAULT where the string runs into unmapped memory.
    """
    data = b""
    while len(data) <= limit:
        here = address + len(data)
        piece = read_process_memory(pid, here, min(256, _PAGE - here % _PAGE))
        end = piece.find(b"\0")
        if end >= 0:
            data += piece[:end]
            return CString(data[:limit], len(data) > limit)
        data += piece
    return CString(data[:limit], True)
