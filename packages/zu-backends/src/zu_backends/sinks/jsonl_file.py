"""The file of a JSON-lines log: its lock, its whole groups of lines, its torn end.

The lines of one append are a group. A group is whole when all its lines end with a line
feed; what follows the last whole group was never acknowledged.
"""

import errno
import fcntl
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from zu_backends.sinks.files import create, sync_directory, unavailable
from zu_backends.sinks.jsonl_line import START, Line, decode_line
from zu_core.chain import Break, ChainError
from zu_core.errors import ConfigError, Unavailable

_log = logging.getLogger(__name__)

_CHUNK: Final = 1 << 20
_POLL_SECONDS: Final = 0.001


class LogFile:
    """An open log file. Calls that change it are made under `locked`."""

    def __init__(self, path: Path, *, lock_timeout_ms: int) -> None:
        """Open `path`, making it if it is not there.

        Raises:
            ConfigError: it is no regular file.
            Unavailable: it can't be opened for writing.
        """
        self.path = path
        self._timeout = lock_timeout_ms / 1000
        try:
            create(path)
            self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK)
        except IsADirectoryError as error:
            raise ConfigError(f"{path} is a directory", advice="name a file in it") from error
        except OSError as error:
            raise unavailable(path, error) from error
        self._failed = False
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            self.close()
            raise ConfigError(f"{path} is no regular file", advice="name another file")

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def duplicate(self) -> "LogFile":
        """Return the same file for reading by another thread; close it there."""
        other = copy(self)
        other._fd = os.dup(self._fd)
        return other

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that all writers of the file take (flock(2)).

        Raises:
            Unavailable: another process held it for too long, a write failed before, or the
                path names another file by now.
        """
        self._lock()
        try:
            if self._failed:
                raise Unavailable(
                    f"the log {self.path} could not be written before", advice="open a new sink"
                )
            here, there = os.fstat(self._fd), _stat(self.path)
            if there is None or (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
                raise Unavailable(
                    f"the log {self.path} was moved or removed", advice="open a new sink"
                )
            yield
        except OSError as error:
            raise unavailable(self.path, error) from error
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def size(self) -> int:
        """Return the size in bytes."""
        return os.fstat(self._fd).st_size

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`; fewer where the file ends before.

        Raises:
            OSError: they can't be read.
        """
        parts = []
        while start < end and (part := os.pread(self._fd, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def append(self, data: bytes) -> None:
        """Write `data` at the end and make it durable; on an error, leave nothing of it.

        Raises:
            OSError: it can't be written.
        """
        end = self.size()
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
            self.sync()
        except OSError:
            self._shorten(end)
            raise

    def sync(self) -> None:
        """Make all that was written durable.

        After a failure the file takes no more: the kernel has dropped what it could not
        write, and a second fsync would say that all is well (fsync(2), NOTES).

        Raises:
            OSError: it can't be made so.
        """
        try:
            os.fdatasync(self._fd)
        except OSError:
            self._failed = True
            raise

    def check_is_log(self) -> None:
        """Raise unless the file starts like a log, is empty, or was torn at its first line.

        Raises:
            ConfigError: it holds something else.
            OSError: it can't be read.
        """
        start = self.read(0, len(START))
        if start != START[: len(start)] and start.strip(b"\0"):
            raise ConfigError(
                f"{self.path} holds something else than a log", advice="name another file"
            )

    def cut_torn(self, end: int, position: int) -> None:
        """Move what follows `end`, left by a crash, to a file of its own beside the log.

        Raises:
            ChainError: what follows is no torn line, but something else.
            OSError: it can't be moved.
        """
        torn = self.read(end, self.size())
        if not torn:
            return
        for line in torn.split(b"\n"):
            if line.strip(b"\0") and line[: len(START)] != START[: len(line)]:
                raise ChainError(
                    Break.EDITED, position=position, trace_id="?", detail="it is no line of a log"
                )
        aside = self._keep_aside(torn, end)
        self._shorten(end)
        _log.warning(
            "the log %s ended in %d bytes of an append that did not finish; they are in %s",
            self.path,
            len(torn),
            aside,
        )

    def _shorten(self, end: int) -> None:
        try:
            os.ftruncate(self._fd, end)
            os.fsync(self._fd)
        except OSError:
            self._failed = True
            raise

    def _keep_aside(self, torn: bytes, end: int) -> Path:
        for count in range(1, 1000):
            aside = self.path.with_name(f"{self.path.name}.torn-{end}-{count}")
            try:
                handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(handle, "wb") as file:
                file.write(torn)
                file.flush()
                os.fsync(handle)
            sync_directory(aside)
            return aside
        raise OSError(errno.EEXIST, "too many torn ends are kept beside it")

    def _lock(self) -> None:
        deadline = monotonic() + self._timeout
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if monotonic() > deadline:
                    raise Unavailable(
                        f"the log {self.path} is locked by another process",
                        advice="end the process that holds it, or wait longer (lock_timeout_ms)",
                    ) from error
                sleep(_POLL_SECONDS)
            except OSError as error:
                raise unavailable(self.path, error) from error
            else:
                return


def groups(file: LogFile, start: int, end: int, position: int) -> Iterator[list[tuple[int, Line]]]:
    """Yield the whole groups between the offsets `start` and `end`.

    Each line comes with the offset behind it. `position` is that of the first line.

    Raises:
        ChainError: a line is none, or a group lacks lines that others follow.
    """
    group: list[tuple[int, Line]] = []
    for offset, data in _lines(file, start, end):
        line = decode_line(data, position)
        if line.more < 0 or (group and line.more != group[-1][1].more - 1):
            raise ChainError(
                Break.GAP,
                position=position,
                trace_id=line.entry.trace_id,
                detail="lines of one append are missing before it",
            )
        group.append((offset, line))
        position += 1
        if line.more == 0:
            yield group
            group = []


def _lines(file: LogFile, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield each ended line, with its line feed, and the offset behind it."""
    parts: list[bytes] = []
    offset = start
    while offset < end:
        chunk = file.read(offset, min(end, offset + _CHUNK))
        if not chunk:
            return
        begin = 0
        while (feed := chunk.find(b"\n", begin)) >= 0:
            parts.append(chunk[begin : feed + 1])
            begin = feed + 1
            yield offset + begin, b"".join(parts)
            parts = []
        parts.append(chunk[begin:])
        offset += len(chunk)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None
