"""Whether a path leads anywhere in another process's root, without leaving that root."""

import errno
import os
import stat
from contextlib import ExitStack
from typing import Final, NamedTuple

# The kernel's own limit (path_resolution(7)).
_MAX_LINKS: Final = 40
# Bounds the descriptors that a hostile path can make us hold.
_MAX_STEPS: Final = 128
_STEP_FLAGS: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def missing_errno(root_fd: int, path: bytes, uid: int) -> int:
    """Return ENOENT or ENOTDIR if `path` surely leads nowhere below `root_fd`, else 0.

    Links are resolved by us, component by component, with `root_fd` as "/": followed by
    the kernel, an absolute link would leave it. The contents of /proc depend on who looks
    (proc(5), "self"), so nothing below it is said to be missing. Nor is anything in a
    directory that `uid` may not be able to search: the answer would tell it what is there.

    Args:
        root_fd: a directory; may be O_PATH.
        path: absolute.
        uid: who asks.
    """
    pending = _components(path)
    links = steps = 0
    with ExitStack() as opened:
        trail = [_Step(root_fd, os.fstat(root_fd))]
        while pending:
            name = pending.pop()
            if name == b"..":
                trail = trail[: max(1, len(trail) - 1)]
                continue
            here = trail[-1]
            if steps == _MAX_STEPS or not here.searchable_by(uid):
                return 0
            if name == b"proc" and len(trail) == 1:
                return 0
            try:
                fd = os.open(name, _STEP_FLAGS, dir_fd=here.fd)
            except OSError as error:
                return error.errno if error.errno in (errno.ENOENT, errno.ENOTDIR) else 0
            opened.callback(os.close, fd)
            steps += 1
            step = _Step(fd, os.fstat(fd))
            if not stat.S_ISLNK(step.status.st_mode):
                trail.append(step)
                continue
            links += 1
            if links > _MAX_LINKS:
                return 0
            target = os.readlink(b"", dir_fd=fd)
            trail = trail[:1] if target.startswith(b"/") else trail
            pending += _components(target)
    return 0


class _Step(NamedTuple):
    fd: int
    status: os.stat_result

    def searchable_by(self, uid: int) -> bool:
        """Whether `uid` surely may look names up here; a file answers ENOTDIR to anyone."""
        if not stat.S_ISDIR(self.status.st_mode):
            return True
        return self.status.st_uid == uid or bool(self.status.st_mode & stat.S_IXOTH)


def _components(path: bytes) -> list[bytes]:
    """The names of a path, last first."""
    return [name for name in reversed(path.split(b"/")) if name not in (b"", b".")]
