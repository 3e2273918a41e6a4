"""Proofs are checked here; each check raises unless the proof holds.

The loops are those of RFC 9162, sections 2.1.3.2 and 2.1.4.2, in the form that
draft-ietf-plants-merkle-tree-certs (sections on subtrees) gives them for a part of a tree;
a tree is the part that starts at 0.
"""

from collections.abc import Sequence
from typing import NoReturn

from zu_core.errors import IntegrityError
from zu_core.merkle.hashing import EMPTY_ROOT, HASH_SIZE, node_hash


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf`, a leaf's hash, is leaf `index` of the tree of `size` with `root`.

    Raises:
        IntegrityError: the proof does not show it.
    """
    _check_sizes(leaf, *proof)
    if not 0 <= index < size:
        _fail(f"a tree of {size} leaves has no leaf {index}")
    first, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            _fail("it is too long")
        if first & 1 or first == last:
            found = node_hash(sibling, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        first, last = first >> 1, last >> 1
    if last:
        _fail("it is too short")
    if found != root:
        _fail("it leads to another root")


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the tree of `new` leaves starts with the tree of `old` leaves.

    Raises:
        IntegrityError: the proof does not show it; a tree without leaves proves nothing.
    """
    if old < 1:
        _fail("an empty tree is the start of every tree")
    verify_subtree_consistency(range(old), new, proof, old_root, new_root)


def verify_subtree_inclusion(
    leaf: bytes, index: int, part: range, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf` is leaf `index` of a tree whose leaves `part` have `root`.

    Raises:
        IntegrityError: the proof does not show it, or these leaves are no subtree.
    """
    _check_subtree(part)
    verify_inclusion(leaf, index - part.start, part.stop - part.start, proof, root)


def verify_subtree_consistency(
    part: range, size: int, proof: Sequence[bytes], part_root: bytes, root: bytes
) -> None:
    """Check that the leaves `part` of the tree of `size` with `root` have `part_root`.

    Raises:
        IntegrityError: the proof does not show it, or these leaves are no subtree.
    """
    _check_sizes(*proof)
    _check_subtree(part)
    if part.stop > size:
        _fail(f"a tree of {size} leaves has no leaf {part.stop - 1}")
    if part.start == part.stop:
        if proof or part_root != EMPTY_ROOT:
            _fail("no leaves have another root, and need no proof")
        return
    found_part, found = _climb(part.start, part.stop - 1, size - 1, proof, part_root)
    if found_part != part_root or found != root:
        _fail("it leads to another root")


def _climb(
    first: int, last: int, end: int, proof: Sequence[bytes], part_root: bytes
) -> tuple[bytes, bytes]:
    """Return the roots of the part and of the tree that `proof` leads to."""
    edge = last == end
    while first != last and (edge or last & 1):
        first, last, end = first >> 1, last >> 1, end >> 1
    if first == last:
        below = whole = part_root
    elif proof:
        below = whole = proof[0]
        proof = proof[1:]
    else:
        _fail("it is too short")
    for sibling in proof:
        if end == 0:
            _fail("it is too long")
        if last & 1 or last == end:
            if first < last:
                below = node_hash(sibling, below)
            whole = node_hash(sibling, whole)
            while not last & 1:
                first, last, end = first >> 1, last >> 1, end >> 1
        else:
            whole = node_hash(whole, sibling)
        first, last, end = first >> 1, last >> 1, end >> 1
    if end:
        _fail("it is too short")
    return below, whole


def _check_subtree(part: range) -> None:
    """Raise unless `part` is one node of some tree (its start fits its width)."""
    if part.step != 1 or not 0 <= part.start <= part.stop:
        _fail(f"{part} is no range of leaves")
    width = part.stop - part.start
    if width and part.start % (1 << (width - 1).bit_length()):
        _fail(f"the leaves {part.start} to {part.stop} are no subtree")


def _check_sizes(*hashes: bytes) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        _fail(f"a hash in it has another length than {HASH_SIZE} bytes")


def _fail(why: str) -> NoReturn:
    raise IntegrityError(
        f"the proof does not hold: {why}",
        advice="what it stands for is not shown; ask for a new proof, and keep this one",
    )
