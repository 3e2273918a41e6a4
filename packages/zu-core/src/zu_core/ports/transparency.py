"""Seam to the Merkle tree over a store."""

from typing import Protocol, runtime_checkable

from zu_core.note.checkpoint import Checkpoint


@runtime_checkable
class TransparencyLog(Protocol):
    """A store that can show what it holds, and that it only grew, with O(log n) reads.

    Leaf number `position - 1` of the tree holds the hash of the entry at `position` in the
    chain of its trace, 32 bytes.
    """

    async def size(self) -> int:
        """Return how many leaves the tree has: the last position."""
        ...

    async def root(self, size: int, /) -> bytes:
        """Return the root of the tree of the first `size` leaves, 32 bytes.

        Raises:
            ConfigError: the store does not hold as many.
        """
        ...

    async def inclusion(self, position: int, size: int, /) -> tuple[bytes, ...]:
        """Return the proof (RFC 9162, 2.1.3) that the entry at `position` is in that tree.

        Raises:
            ConfigError: that tree does not have that entry, or the store not that tree.
        """
        ...

    async def consistency(self, old: int, new: int, /) -> tuple[bytes, ...]:
        """Return the proof (RFC 9162, 2.1.4) that the tree of `new` starts with that of `old`.

        Raises:
            ConfigError: `old` is not between 1 and `new`, or the store does not hold `new`.
        """
        ...

    async def checkpoint(self, origin: str, /) -> Checkpoint:
        """Return what is to be signed of the store as it is now, under the name `origin`."""
        ...
