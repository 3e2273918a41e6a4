"""inotify(7): watches on inodes, and their events as values."""

import ctypes
import os
import struct
from enum import IntFlag
from typing import Final

import msgspec

# struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len].
_HEADER: Final = struct.Struct("=iIII")
_READ_BYTES: Final = 64 * 1024

_libc = ctypes.CDLL(None, use_errno=True)
_libc.inotify_init1.argtypes = (ctypes.c_int,)
_libc.inotify_add_watch.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)


class Mask(IntFlag):
    """Kinds of event; the values are the same on every architecture."""

    ACCESS = 0x1
    MODIFY = 0x2
    ATTRIB = 0x4
    OPEN = 0x20
    DELETE_SELF = 0x400
    MOVE_SELF = 0x800
    UNMOUNT = 0x2000
    Q_OVERFLOW = 0x4000
    IGNORED = 0x8000


class InotifyEvent(msgspec.Struct, frozen=True):
    """One event; `watch` is -1 for an overflow of the queue."""

    watch: int
    mask: Mask


class Inotify:
    """One inotify instance, non-blocking; `fileno` is readable when events wait."""

    def __init__(self) -> None:
        self._fd = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        return self._fd

    def watch(self, fd: int, mask: Mask) -> int:
        """Watch the inode that `fd` (it may be O_PATH) refers to; return the watch's number.

        The watch outlives `fd` and follows the inode through renames.

        Raises:
            OSError: no read permission on the file, or the user's limit of watches
                (fs.inotify.max_user_watches) is reached.
        """
        path = f"/proc/self/fd/{fd}".encode()
        return _checked(_libc.inotify_add_watch(self._fd, path, int(mask)))

    def read(self) -> tuple[InotifyEvent, ...]:
        """Return the events that wait; () if none do."""
        try:
            raw = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return ()
        return parse_events(raw)

    def close(self) -> None:
        """Close the instance and all its watches; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def parse_events(raw: bytes) -> tuple[InotifyEvent, ...]:
    """Split what read(2) returned; the kernel never cuts an event."""
    events = []
    offset = 0
    while offset < len(raw):
        watch, mask, _cookie, length = _HEADER.unpack_from(raw, offset)
        events.append(InotifyEvent(watch, Mask(mask)))
        offset += _HEADER.size + length
    return tuple(events)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
