"""Planting of canary files, and who touches them, by inotify on their inodes."""

import asyncio
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

from zu_backends.kernel.inotify import Inotify, InotifyEvent, Mask
from zu_backends.monitors.base import Account
from zu_core.contracts.box import Canary
from zu_core.errors import Unavailable
from zu_core.events.box import CanaryTouched, MonitorReported

HOME: Final = "home"
HOME_IN_BOX: Final = "/home/tool"

_Access = Literal["opened", "read", "changed", "removed"]

_WATCHED: Final = (
    Mask.OPEN | Mask.ACCESS | Mask.MODIFY | Mask.ATTRIB | Mask.DELETE_SELF | Mask.MOVE_SELF
)
# DELETE_SELF comes when the last descriptor is closed; ATTRIB (the link count) at once.
_ACCESSES: Final[tuple[tuple[Mask, _Access], ...]] = (
    (Mask.OPEN, "opened"),
    (Mask.ACCESS, "read"),
    (Mask.MODIFY | Mask.ATTRIB, "changed"),
    (Mask.DELETE_SELF | Mask.MOVE_SELF, "removed"),
)


def plant(root_fd: int, canaries: Iterable[Canary]) -> frozenset[int]:
    """Write the canary files below home/ and return their inode numbers.

    Every part of a path is made or opened relative to its directory and without
    following links; an existing file is never overwritten. All belongs to the owner of
    home/ where we are root.

    Raises:
        Unavailable: a file exists already, or can't be written.
    """
    inodes = set()
    for canary in canaries:
        if not canary.path:
            continue
        try:
            with _directory(root_fd, canary.path, create=True) as directory_fd:
                inodes.add(_write(directory_fd, canary))
        except OSError as error:
            raise Unavailable(
                f"the canary ~/{canary.path} can't be planted: {error.strerror}"
            ) from error
    return frozenset(inodes)


class CanaryMonitor:
    """Records the first access of each kind to each canary in each epoch.

    The watches lie on the inodes: they follow a canary through renames, and see a read
    through a hard link. Reads of a memory mapping raise no event; the open before does.

    Args:
        root_fd: the root of the box's writable file system; used by the constructor only.
        canaries: as given to `plant`; those without a path are ignored.
        observe: called in the event loop, or by `drain`.

    Raises:
        Unavailable: a canary is not there, or can't be watched.
    """

    name = "canaries"

    def __init__(
        self, root_fd: int, canaries: Iterable[Canary], observe: Callable[[CanaryTouched], None]
    ) -> None:
        self._observe = observe
        self._account = Account(self.name)
        self._seen: set[tuple[int, _Access]] = set()
        self._watched: dict[int, Canary] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._inotify = _inotify()
        try:
            for canary in canaries:
                if canary.path:
                    self._watched[self._watch(root_fd, canary)] = canary
        except Unavailable:
            self._inotify.close()
            raise

    def start(self) -> None:
        """Deliver events in the running loop as they come."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._inotify.fileno(), self.drain)

    def drain(self) -> None:
        """Deliver the events that wait now."""
        while not self._closed and (events := self._inotify.read()):
            for event in events:
                self._take(event)

    def new_epoch(self) -> None:
        """Deliver what waits, then record a first touch of each kind again."""
        self.drain()
        self._seen.clear()

    def close(self) -> None:
        """Deliver what waits and stop; a second call does nothing."""
        if self._closed:
            return
        self.drain()
        if self._loop is not None:
            self._loop.remove_reader(self._inotify.fileno())
            self._account.finish()
        self._closed = True
        # To close watches takes the kernel a grace period of 10 ms and more.
        threading.Thread(target=self._inotify.close, name="zu-canaries").start()

    def report(self) -> MonitorReported:
        """Complete if it was started and closed, and the kernel dropped no event."""
        return self._account.report()

    def _watch(self, root_fd: int, canary: Canary) -> int:
        try:
            with _directory(root_fd, canary.path, create=False) as directory_fd:
                name = os.path.basename(canary.path)
                fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory_fd)
                try:
                    return self._inotify.watch(fd, _WATCHED)
                finally:
                    os.close(fd)
        except OSError as error:
            raise Unavailable(
                f"the canary ~/{canary.path} can't be watched: {error.strerror}",
                advice="raise fs.inotify.max_user_watches if it is exhausted",
            ) from error

    def _take(self, event: InotifyEvent) -> None:
        if event.mask & Mask.Q_OVERFLOW:
            self._account.lose("the kernel dropped inotify events: its queue was full")
            return
        if event.mask & Mask.UNMOUNT:
            self._account.lose("the file system of the canaries was unmounted")
            return
        canary = self._watched.get(event.watch)
        if canary is None:
            return
        for mask, access in _ACCESSES:
            if event.mask & mask and (event.watch, access) not in self._seen:
                self._seen.add((event.watch, access))
                self._account.facts += 1
                path = f"{HOME_IN_BOX}/{canary.path}"
                self._observe(CanaryTouched(name=canary.name, path=path, access=access))


def _inotify() -> Inotify:
    try:
        return Inotify()
    except OSError as error:
        raise Unavailable(
            f"no inotify instance for the canaries: {error.strerror}",
            advice="raise fs.inotify.max_user_instances",
        ) from error


@contextmanager
def _directory(root_fd: int, path: str, *, create: bool) -> Iterator[int]:
    """Open the directory of home/`path`, step by step; make what is missing, mode 0700."""
    parts = path.split("/")
    if "" in parts or "." in parts or ".." in parts:
        raise Unavailable(f"the canary path {path!r} is not below the home of the box")
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(HOME, flags, dir_fd=root_fd)
    try:
        owner = os.fstat(fd)
        for part in parts[:-1]:
            made = create and _made_directory(fd, part)
            below = os.open(part, flags, dir_fd=fd)
            os.close(fd)
            fd = below
            if made:
                _give(fd, owner)
        yield fd
    finally:
        os.close(fd)


def _made_directory(parent_fd: int, name: str) -> bool:
    try:
        os.mkdir(name, 0o700, dir_fd=parent_fd)
    except FileExistsError:
        return False
    return True


def _write(directory_fd: int, canary: Canary) -> int:
    """Create the file and return its inode number."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(os.path.basename(canary.path), flags, 0o600, dir_fd=directory_fd)
    with open(fd, "w", encoding="utf-8", newline="") as file:
        _give(fd, os.fstat(directory_fd))
        file.write(canary.content)
        return os.fstat(fd).st_ino


def _give(fd: int, owner: os.stat_result) -> None:
    """Hand what was made to the tool's user, and take umask's influence off its mode."""
    os.fchmod(fd, 0o700 if stat.S_ISDIR(os.fstat(fd).st_mode) else 0o600)
    if os.geteuid() == 0:
        os.fchown(fd, owner.st_uid, owner.st_gid)
