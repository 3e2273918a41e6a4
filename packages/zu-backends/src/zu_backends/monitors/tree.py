"""A snapshot of a directory tree that a hostile program may change meanwhile.

Nothing outside of the given descriptor is reached: each name is opened relative to the
descriptor of its directory with O_NOFOLLOW, ".." is never used, a symbolic link is never
followed, and what a name stands for is decided by the descriptor that was opened, not by
an earlier look (open(2), O_PATH; path_resolution(7)).
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

import msgspec

from zu_core.errors import Unavailable

Kind = Literal["file", "directory", "symlink", "other"]

_PATH_FLAGS: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: neither a FIFO nor a file lease (fcntl(2), F_SETLEASE) can hold us up.
_READ_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
# Errors that say that the tree changed between two looks.
_GONE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one walk may cost.

    Attributes:
        entries: names; the file system of a box has a limit of inodes, but one inode may
            have many names.
        depth: directories within each other; each holds a descriptor while it is walked.
        path_bytes: sum of the lengths of all paths, which nesting makes quadratic.
        seconds: wall time.
    """

    entries: int = 65_536
    depth: int = 128
    path_bytes: int = 32 << 20
    seconds: float = 10.0


class Node(msgspec.Struct, frozen=True):
    """One name in a tree, as lstat(2) gave it."""

    kind: Kind
    inode: int
    size: int
    mode: int
    changed_ns: int
    modified_ns: int

    def same_as(self, other: "Node") -> bool:
        """Whether nothing happened between both looks.

        Size and times of a directory follow from its entries, which are compared by
        themselves.
        """
        if self.kind == other.kind == "directory":
            return (self.inode, self.mode) == (other.inode, other.mode)
        return self == other


class Snapshot(msgspec.Struct, frozen=True):
    """All names of a tree, by their path relative to its root, and the samples taken."""

    nodes: dict[bytes, Node]
    samples: dict[bytes, bytes]


def snapshot(
    root_fd: int, bounds: Bounds, sample_bytes: Callable[[bytes, Node], int] | None = None
) -> Snapshot:
    """Look at everything below `root_fd`.

    Names that vanish meanwhile are left out. A directory that is renamed meanwhile is
    found under its old name, its new name, both or none; the next snapshot settles it.

    Args:
        root_fd: a directory.
        bounds: what it may cost.
        sample_bytes: says how many of the first bytes of a regular file to read.

    Raises:
        Unavailable: a bound is exceeded, or a directory can't be read.
    """
    walk = _Walk(bounds, os.fstat(root_fd).st_dev, sample_bytes or (lambda _path, _node: 0))
    with _opened(root_fd, b".", os.O_DIRECTORY, stat.S_IRUSR | stat.S_IXUSR) as fd:
        walk.directory(fd, b"", 0)
    return Snapshot(walk.nodes, walk.samples)


class _Walk:
    def __init__(
        self, bounds: Bounds, device: int, sample_bytes: Callable[[bytes, Node], int]
    ) -> None:
        self.nodes: dict[bytes, Node] = {}
        self.samples: dict[bytes, bytes] = {}
        self._bounds = bounds
        self._device = device
        self._sample_bytes = sample_bytes
        self._path_bytes = 0
        self._deadline = time.monotonic() + bounds.seconds

    def directory(self, fd: int, path: bytes, depth: int) -> None:
        """Record all below the directory `fd`, whose names begin with `path`."""
        if depth > self._bounds.depth:
            raise _too_much("depth", self._bounds.depth)
        for name in self._names(fd, len(path)):
            child = path + b"/" + name if path else name
            try:
                self._look(fd, name, child, depth)
            except OSError as error:
                if error.errno not in _GONE:
                    raise Unavailable(
                        f"the box's {_text(child)} can't be read: {os.strerror(error.errno or 0)}"
                    ) from error

    def _names(self, fd: int, path_length: int) -> list[bytes]:
        names = []
        with os.scandir(fd) as entries:
            for entry in entries:
                name = os.fsencode(entry.name)
                self._path_bytes += path_length + len(name) + 1
                names.append(name)
                self._check_bounds(len(names))
        return names

    def _check_bounds(self, pending: int) -> None:
        if len(self.nodes) + pending > self._bounds.entries:
            raise _too_much("entries", self._bounds.entries)
        if self._path_bytes > self._bounds.path_bytes:
            raise _too_much("path_bytes", self._bounds.path_bytes)
        if time.monotonic() > self._deadline:
            raise _too_much("seconds", self._bounds.seconds)

    def _look(self, parent_fd: int, name: bytes, path: bytes, depth: int) -> None:
        self._check_bounds(1)
        node = _node(os.stat(name, dir_fd=parent_fd, follow_symlinks=False))
        if node.kind == "directory":
            self._enter(parent_fd, name, path, depth)
        elif node.kind == "file":
            node = self._sample(parent_fd, name, path, node)
        self.nodes[path] = node

    def _enter(self, parent_fd: int, name: bytes, path: bytes, depth: int) -> None:
        """Walk a directory unless it is another file system's."""
        need = stat.S_IRUSR | stat.S_IXUSR
        with _opened(parent_fd, name, os.O_DIRECTORY, need) as fd:
            if os.fstat(fd).st_dev == self._device:
                self.directory(fd, path, depth + 1)

    def _sample(self, parent_fd: int, name: bytes, path: bytes, node: Node) -> Node:
        """Read the first bytes; a file that refuses to be read has no sample."""
        length = self._sample_bytes(path, node)
        if not length or not node.size:
            return node
        try:
            with _opened(parent_fd, name, 0, stat.S_IRUSR, inode=node.inode) as fd:
                self.samples[path] = os.pread(fd, length, 0)
            # A mode that was lent and taken back has changed the ctime.
            after = _node(os.stat(name, dir_fd=parent_fd, follow_symlinks=False))
            return after if after.inode == node.inode else node
        except OSError:
            # Replaced, leased or not ours: the name itself is recorded all the same.
            return node


@contextmanager
def _opened(
    parent_fd: int, name: bytes, flags: int, need: int, inode: int | None = None
) -> Iterator[int]:
    """Open `name` for reading, lending its owner the mode bits `need` for the moment.

    Only a directory (with O_DIRECTORY), or the regular file `inode`, is opened; for all
    else OSError(ENOENT).
    """
    path_fd = os.open(name, _PATH_FLAGS | flags, dir_fd=parent_fd)
    try:
        status = os.fstat(path_fd)
        if inode is not None and (status.st_ino != inode or not stat.S_ISREG(status.st_mode)):
            raise OSError(errno.ENOENT, "replaced meanwhile")
        handle = f"/proc/self/fd/{path_fd}"
        mode = stat.S_IMODE(status.st_mode)
        # The superuser needs no mode bits.
        lend = mode & need != need and os.geteuid() != 0
        if lend:
            os.chmod(handle, mode | need)
        try:
            fd = os.open(handle, _READ_FLAGS | flags)
            try:
                yield fd
            finally:
                os.close(fd)
        finally:
            if lend:
                os.chmod(handle, mode)
    finally:
        os.close(path_fd)


def _node(status: os.stat_result) -> Node:
    return Node(
        kind=_kind(status.st_mode),
        inode=status.st_ino,
        size=status.st_size,
        mode=stat.S_IMODE(status.st_mode),
        changed_ns=status.st_ctime_ns,
        modified_ns=status.st_mtime_ns,
    )


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "symlink" if stat.S_ISLNK(mode) else "other"


def _too_much(bound: str, value: float) -> Unavailable:
    return Unavailable(f"the box's files exceed what a walk may cost ({bound}: {value:g})")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
