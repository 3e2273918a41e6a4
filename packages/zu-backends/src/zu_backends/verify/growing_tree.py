"""The tree over the hashes of entries, built once from the left, and held against others."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

from zu_backends.verify.findings import Kind, LogBroken
from zu_core.note.checkpoint import Checkpoint

TILE: Final = 256

TileCheck = Callable[[int, int, bytes, bytes], None]
"""Called with level, number, root and the 256 hashes of each tile that is complete."""


class GrowingTree:
    """Takes the hashes of entries; calls on each complete tile; meets each checkpoint.

    Memory grows with the logarithm of the size.
    """

    def __init__(self, checkpoints: Iterable[Checkpoint], on_tile: TileCheck | None = None) -> None:
        self._ahead = sorted(checkpoints, key=lambda head: head.size, reverse=True)
        self._on_tile = on_tile
        self._tiles: list[tuple[int, list[bytes]]] = [(0, [])]
        self._size = 0
        self._met = 0
        self._meet()

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    def add(self, hashes: Sequence[bytes]) -> None:
        """Add leaves that hold `hashes`.

        Raises:
            LogBroken: a checkpoint or a tile states others.
        """
        start = 0
        while start < len(hashes):
            room = TILE - len(self._tiles[0][1])
            if self._ahead:
                room = min(room, self._ahead[-1].size - self._size)
            part = hashes[start : start + room]
            self._tiles[0][1].extend([sha256(b"\0" + value).digest() for value in part])
            self._size += len(part)
            start += len(part)
            if len(self._tiles[0][1]) == TILE:
                self._close(0)
            self._meet()

    def root(self) -> bytes:
        """Return the root, 32 bytes."""
        root = b""
        for _, hashes in self._tiles:
            above = [*hashes, root] if root else hashes
            root = _partial_root(above) if above else root
        return root or sha256().digest()

    def end(self) -> None:
        """Raise if a checkpoint states more leaves than there are.

        Raises:
            LogBroken: one does.
        """
        if self._ahead:
            head = self._ahead[-1]
            raise LogBroken(
                Kind.TRUNCATED,
                f"a checkpoint of {head.origin!r} states {head.size} entries, here are"
                f" {self._size}",
                position=self._size + 1,
            )

    def _close(self, level: int) -> None:
        number, hashes = self._tiles[level]
        root = _complete_root(hashes)
        if self._on_tile is not None:
            self._on_tile(level, number, root, b"".join(hashes))
        self._tiles[level] = number + 1, []
        if level + 1 == len(self._tiles):
            self._tiles.append((0, []))
        self._tiles[level + 1][1].append(root)
        if len(self._tiles[level + 1][1]) == TILE:
            self._close(level + 1)

    def _meet(self) -> None:
        """Check the checkpoints of the size that is reached."""
        while self._ahead and self._ahead[-1].size == self._size:
            head = self._ahead.pop()
            if head.root != self.root():
                raise LogBroken(
                    Kind.REWRITTEN,
                    f"entries {self._met + 1} to {head.size} are others than those of a"
                    f" checkpoint of {head.origin!r}",
                    position=self._met + 1,
                )
            self._met = head.size


def _complete_root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [
            sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)
        ]
    return hashes[0]


def _partial_root(hashes: list[bytes]) -> bytes:
    """Return the root above `hashes`, of which only the last may be of fewer leaves."""
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        pairs = iter(hashes[: len(hashes) - len(odd)])
        hashes = [
            sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)
        ] + odd
    return hashes[0]
