"""A tree that keeps all its nodes in memory: 64 bytes per leaf."""

from zu_core.merkle.hashing import HASH_SIZE, node_hash


class MemoryTree:
    """Takes leaves and gives the hash of each complete subtree (`Nodes`)."""

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return len(self._levels[0]) // HASH_SIZE

    def append(self, leaf: bytes) -> None:
        """Add the leaf with the hash `leaf`; hashes as many nodes as it completes."""
        for level in range(len(self._levels) + 1):
            if level == len(self._levels):
                self._levels.append(bytearray())
            row = self._levels[level]
            row += leaf
            if len(row) // HASH_SIZE % 2:
                return
            leaf = node_hash(bytes(row[-2 * HASH_SIZE : -HASH_SIZE]), bytes(row[-HASH_SIZE:]))

    def node(self, level: int, number: int, /) -> bytes:
        """Return the root of the leaves from `number << level` on, `1 << level` of them.

        Raises:
            IndexError: the tree does not have them all.
        """
        row = self._levels[level]
        if not 0 <= number < len(row) // HASH_SIZE:
            raise IndexError(f"node {number} of level {level} is not there")
        return bytes(row[number * HASH_SIZE : (number + 1) * HASH_SIZE])
