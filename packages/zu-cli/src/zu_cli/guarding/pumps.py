"""Moves bytes between two descriptors, unchanged, in a thread of its own.

A thread and blocking calls: a message takes one wake-up on its way, and the descriptors
that were inherited keep their flags, which other processes share (fcntl(2), F_SETFL).
"""

import contextlib
import os
import select
import threading
from collections.abc import Callable
from typing import Final, Protocol

CHUNK: Final = 1 << 16


class Tap(Protocol):
    """Sees what passes. Its calls hold the bytes up, so they only line things up."""

    def passing(self, data: bytes) -> None:
        """Take `data`, which is about to be written."""
        ...

    def passed(self) -> None:
        """Take note that it was written, or that nobody reads it."""
        ...


class Pump(threading.Thread):
    """Reads `source` until its end and writes all to `sink`; closes both then.

    Where nobody reads `sink` any more, `source` is closed at once, so that who writes to it
    learns it as it would without a pump between (EPIPE, SIGPIPE).

    Args:
        head: bytes that were read from `source` before.
        tap: sees the bytes in order.
        ended: called at the end, from the thread.
    """

    def __init__(
        self,
        name: str,
        source: int,
        sink: int,
        *,
        head: bytes = b"",
        tap: Tap | None = None,
        ended: Callable[[], None] | None = None,
    ) -> None:
        # A read of a terminal can't be interrupted: the process ends without it.
        super().__init__(name=f"zu-{name}", daemon=True)
        self._source = source
        self._sink = sink
        self._head = head
        self._tap = tap
        self._ended = ended
        self.moved = 0

    def run(self) -> None:
        """Move bytes until either end is gone."""
        try:
            # An error of either end is its end: of a pipe nobody reads, a terminal hung up.
            with contextlib.suppress(OSError):
                data = self._head or _read(self._source)
                while data:
                    self._move(data)
                    data = _read(self._source)
        finally:
            for fd in (self._source, self._sink):
                os.close(fd)
            if self._ended is not None:
                self._ended()

    def _move(self, data: bytes) -> None:
        if self._tap is None:
            _write(self._sink, data)
        else:
            self._tap.passing(data)
            try:
                _write(self._sink, data)
            finally:
                self._tap.passed()
        self.moved += len(data)


def take_over(fd: int) -> int:
    """Return a copy of standard stream `fd`, whose own number becomes /dev/null.

    To close the copy is then to close the stream.
    """
    copy = os.dup(fd)
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(nowhere, fd)
    os.close(nowhere)
    return copy


def _read(fd: int) -> bytes:
    while True:
        try:
            return os.read(fd, CHUNK)
        except BlockingIOError:
            _wait(fd, select.POLLIN)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            _wait(fd, select.POLLOUT)


def _wait(fd: int, what: int) -> None:
    poll = select.poll()
    poll.register(fd, what)
    poll.poll()
