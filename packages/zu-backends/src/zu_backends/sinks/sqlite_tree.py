"""The Merkle tree in the SQLite store: complete tiles of 256 hashes, each written once.

A tile of level 0 has the hashes of 256 leaves below it, one of level n the hashes of 256
tiles of level n - 1 (the tiles of c2sp.org/tlog-tiles). So an entry costs 32 bytes and a
root or a proof reads at most two tiles of each level. What is not in a complete tile yet
is read from the events and from the tiles below.
"""

import sqlite3
from typing import Any, Final

from zu_core.errors import IntegrityError
from zu_core.merkle.frontier import Frontier
from zu_core.merkle.hashing import HASH_SIZE, leaf_hash
from zu_core.merkle.memory_tree import MemoryTree

_BITS: Final = 8
TILE: Final = 1 << _BITS

_INSERT: Final = "INSERT INTO tree (level, number, hash, below) VALUES (?, ?, ?, ?)"
_STORED: Final = "SELECT coalesce(max(number) + 1, 0) FROM tree WHERE level = ?"
_BELOW: Final = "SELECT below FROM tree WHERE level = ? AND number = ?"
_LEAVES: Final = "SELECT hash FROM events WHERE position > ? AND position <= ? ORDER BY position"
_ROOTS: Final = (
    "SELECT hash FROM tree WHERE level = ? AND number >= ? AND number < ? ORDER BY number"
)


def extend(connection: sqlite3.Connection, size: int) -> None:
    """Write the tiles that a store of `size` events completes, in the open transaction."""
    level, count = 0, size >> _BITS
    while count:
        (stored,) = connection.execute(_STORED, (level,)).fetchone()
        for number in range(stored, count):
            _write(connection, level, number)
        level, count = level + 1, count >> _BITS


class SqliteNodes:
    """Reads nodes (`zu_core.merkle.Nodes`) within one transaction; keeps tiles it has read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tiles: dict[tuple[int, int], MemoryTree] = {}

    def node(self, level: int, number: int, /) -> bytes:
        """Return the root of the leaves from `number << level` on, `1 << level` of them.

        Raises:
            IntegrityError: the store lacks what is needed for it.
        """
        tile, within = divmod(level, _BITS)
        place = number << within
        key = tile, place >> _BITS
        if key not in self._tiles:
            self._tiles[key] = self._read(*key)
        try:
            return self._tiles[key].node(within, (place % TILE) >> within)
        except IndexError:
            raise _damaged(f"node {number} of level {level} can't be made") from None

    def _read(self, level: int, number: int) -> MemoryTree:
        row = self._connection.execute(_BELOW, (level, number)).fetchone()
        tree = MemoryTree()
        for value in (
            _hashes(self._connection, level, number) if row is None else _split(row[0], number)
        ):
            tree.append(value)
        return tree


def _write(connection: sqlite3.Connection, level: int, number: int) -> None:
    hashes = _hashes(connection, level, number)
    if len(hashes) != TILE:
        raise _damaged(f"tile {number} of level {level} has {len(hashes)} hashes below it")
    frontier = Frontier()
    for value in hashes:
        frontier.append(value)
    connection.execute(_INSERT, (level, number, frontier.root(), b"".join(hashes)))


def _hashes(connection: sqlite3.Connection, level: int, number: int) -> list[bytes]:
    """Return the hashes below a tile, as far as they are there."""
    start, end = number << _BITS, (number + 1) << _BITS
    if level:
        rows = connection.execute(_ROOTS, (level - 1, start, end))
        return [_hash(value) for (value,) in rows]
    return [leaf_hash(_hash(value)) for (value,) in connection.execute(_LEAVES, (start, end))]


def _split(below: Any, number: int) -> list[bytes]:
    if not isinstance(below, bytes) or len(below) != TILE * HASH_SIZE:
        raise _damaged(f"tile {number} does not have {TILE} hashes")
    return [below[at : at + HASH_SIZE] for at in range(0, len(below), HASH_SIZE)]


def _hash(value: Any) -> bytes:
    if not isinstance(value, bytes) or len(value) != HASH_SIZE:
        raise _damaged("a hash has another type or length")
    return value


def _damaged(what: str) -> IntegrityError:
    return IntegrityError(
        f"the tree of the log is damaged: {what}",
        advice="zu log verify says more; use a copy that was kept elsewhere",
    )
