"""The right edge of a growing tree: all that is needed to go on with it."""

from collections.abc import Sequence

from zu_core.errors import ConfigError
from zu_core.merkle.hashing import EMPTY_ROOT, HASH_SIZE, node_hash


class Frontier:
    """Takes leaves and knows the root; keeps one hash per bit that is set in its size."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Go on with a tree of `size` leaves whose `hashes` were kept.

        Raises:
            ConfigError: `hashes` are not those of a tree of that size.
        """
        if size < 0 or len(hashes) != size.bit_count() or any(len(h) != HASH_SIZE for h in hashes):
            raise ConfigError(f"{len(hashes)} hashes are no right edge of {size} leaves")
        self._size = size
        self._hashes = list(hashes)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees that make up the tree, from the left."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add the leaf with the hash `leaf`; hashes as many nodes as it completes."""
        size = self._size
        while size & 1:
            leaf = node_hash(self._hashes.pop(), leaf)
            size >>= 1
        self._hashes.append(leaf)
        self._size += 1

    def root(self) -> bytes:
        """Return the root of the tree, 32 bytes."""
        return fold(self._hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root above the complete subtrees `hashes`, which shrink to the right."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root
