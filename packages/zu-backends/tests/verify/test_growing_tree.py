from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.verify.findings import Kind, LogBroken
from zu_backends.verify.growing_tree import GrowingTree
from zu_core.note.checkpoint import Checkpoint

LEAVES = [sha256(bytes([n % 256, n // 256])).digest() for n in range(1100)]


def mth(leaves):
    """RFC 6962, 2.1."""
    if len(leaves) < 2:
        return sha256(b"\0" + leaves[0] if leaves else b"").digest()
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


@given(st.lists(st.integers(0, 300), max_size=5))
def test_roots_are_those_of_the_rfc_however_leaves_come(parts):
    tree, size = GrowingTree([]), 0
    for part in parts:
        tree.add(LEAVES[size : size + part])
        size = min(size + part, len(LEAVES))
        assert tree.size == size
        assert tree.root() == mth(LEAVES[:size])


@given(st.lists(st.integers(0, 1100), max_size=5))
def test_each_checkpoint_is_met_at_its_size(sizes):
    heads = [Checkpoint("log", size, mth(LEAVES[:size])) for size in sizes]
    tree = GrowingTree(heads)
    tree.add(LEAVES)
    tree.end()


@pytest.mark.parametrize("size", [1, 5, 256, 257, 1024, 1100])
def test_another_root_is_found_where_it_is_stated(size):
    heads = [Checkpoint("log", 3, mth(LEAVES[:3])), Checkpoint("log", size, bytes(32))]
    tree = GrowingTree(heads)
    with pytest.raises(LogBroken) as caught:
        tree.add(LEAVES)
    assert caught.value.kind is Kind.REWRITTEN
    assert caught.value.position == (4 if size > 3 else 1)


def test_a_checkpoint_beyond_the_end_is_found_at_the_end():
    tree = GrowingTree([Checkpoint("log", 11, bytes(32))])
    tree.add(LEAVES[:10])
    with pytest.raises(LogBroken, match="position 11, truncated"):
        tree.end()


def test_tiles_are_told_when_they_are_complete():
    tiles = []
    tree = GrowingTree([], lambda *tile: tiles.append(tile))
    tree.add(LEAVES)
    assert [(level, number) for level, number, *_ in tiles] == [(0, n) for n in range(4)]
    assert tiles[1][2] == mth(LEAVES[256:512])
    assert tiles[1][3] == b"".join(mth([leaf]) for leaf in LEAVES[256:512])
