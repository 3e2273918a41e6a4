"""Roots and proofs, made of the roots of complete subtrees.

Which subtrees a proof holds follows RFC 9162, sections 2.1.3.1 (PATH) and 2.1.4.1 (PROOF,
SUBPROOF), as loops. A subtree that is not complete is put together from complete ones, so
a store keeps only hashes that never change.
"""

from collections.abc import Iterator
from typing import Protocol

from zu_core.errors import ConfigError
from zu_core.merkle.frontier import fold


class Nodes(Protocol):
    """Where the hashes of complete subtrees are read."""

    def node(self, level: int, number: int, /) -> bytes:
        """Return the root of the leaves from `number << level` on, `1 << level` of them."""
        ...


def tree_root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves, 32 bytes."""
    if size < 0:
        raise ConfigError(f"no tree has {size} leaves")
    return _root(nodes, 0, size)


def inclusion_proof(nodes: Nodes, index: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that leaf `index`, from 0, is in the tree of `size` leaves.

    Raises:
        ConfigError: that tree does not have that leaf.
    """
    if not 0 <= index < size:
        raise ConfigError(f"a tree of {size} leaves has no leaf {index}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return tuple(_root(nodes, *part) for part in reversed(path))


def consistency_proof(nodes: Nodes, old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of `new` leaves starts with that of `old` leaves.

    Raises:
        ConfigError: `old` is not between 1 and `new`.
    """
    if not 0 < old <= new:
        raise ConfigError(
            f"there is no proof from {old} to {new} leaves",
            advice="the older tree has at least one leaf and no more than the newer one",
        )
    path = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:
        path.append((start, end))
    return tuple(_root(nodes, *part) for part in reversed(path))


def _split(size: int) -> int:
    """Return the largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _root(nodes: Nodes, start: int, end: int) -> bytes:
    return fold([nodes.node(level, number) for level, number in _complete(start, end)])


def _complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield level and number of the complete subtrees that make up [`start`, `end`)."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level
