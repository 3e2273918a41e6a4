"""Splits bytes into lines without holding more than one line's limit of them."""

from dataclasses import dataclass
from typing import Final

_HEAD: Final = 256
_TAIL: Final = 256


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Overlong:
    """A line that was longer than the limit and is not kept.

    Attributes:
        head, tail: its first and its last bytes.
        size: how long it was, in bytes.
    """

    head: bytes
    tail: bytes
    size: int


class LineSplitter:
    """Takes bytes as they come and gives whole lines.

    Args:
        limit: bytes that a line may have; a longer one is skipped as it passes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._tail = b""

    def feed(self, data: bytes) -> list[Line | Overlong]:
        """Return the lines that end in `data`."""
        *ended, rest = data.split(b"\n")
        lines = []
        for part in ended:
            self._take(part)
            lines.append(self._finish())
        self._take(rest)
        return lines

    def end(self) -> list[Line | Overlong]:
        """Return the last line, where it has no end; [] where nothing is left."""
        return [self._finish()] if self._size else []

    def _take(self, part: bytes) -> None:
        if self._size <= self._limit and part:
            self._parts.append(part)
        self._size += len(part)
        self._tail = (self._tail + part[-_TAIL:])[-_TAIL:]
        if self._size > self._limit and len(self._parts) > 1:
            self._parts = [b"".join(self._parts)[:_HEAD]]

    def _finish(self) -> Line | Overlong:
        data, tail, size = b"".join(self._parts), self._tail, self._size
        self._parts, self._tail, self._size = [], b"", 0
        if size <= self._limit:
            return Line(data.rstrip(b"\r"))
        return Overlong(data[:_HEAD], tail, size)
