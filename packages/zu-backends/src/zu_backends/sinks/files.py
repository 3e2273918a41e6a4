"""Log files: made private to their owner, and durable as directory entries."""

import errno
import os
from pathlib import Path

from zu_core.errors import Unavailable, ZuError

_MODE = 0o600
"""A record holds what targets saw and sent."""

_ADVICE = {
    errno.ENOSPC: "free space on that file system, then append again",
    errno.EDQUOT: "free space within the quota, then append again",
    errno.EFBIG: "raise the limit on file sizes or start a new log",
    errno.EROFS: "choose a place on a file system that is writable",
    errno.EACCES: "choose a place that this user may write",
    errno.EPERM: "choose a place that this user may write",
    errno.ENOENT: "make its directory first",
    errno.ENOTDIR: "make its directory first",
}


def unavailable(path: Path, error: OSError) -> ZuError:
    """Return the error that says that the log at `path` can't be used, and what to do."""
    reason = error.strerror or str(error)
    advice = _ADVICE.get(error.errno or 0, "look at the file system; nothing was stored")
    return Unavailable(f"the log {path} can't be used: {reason}", advice=advice)


def create(path: Path) -> None:
    """Make `path` if it is not there, readable by its owner alone.

    Raises:
        OSError: it can't be made.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE))
    except FileExistsError:
        return
    sync_directory(path)


def sync_directory(path: Path) -> None:
    """Make the directory entry of `path` durable (open(2): fsync the directory as well).

    Raises:
        OSError: it can't be.
    """
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
