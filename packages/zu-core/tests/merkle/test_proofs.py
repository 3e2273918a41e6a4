import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.errors import ConfigError
from zu_core.merkle import consistency_proof, inclusion_proof, tree_root


def test_roots_of_all_sizes_are_those_of_the_rfc(tree, entries, plain):
    for size in range(len(entries) + 1):
        assert tree_root(tree, size) == plain.mth(entries[:size])


def test_proofs_of_all_small_sizes_are_those_of_the_rfc(tree, entries, plain):
    for size in range(1, 40):
        for other in range(size):
            part = entries[:size]
            assert list(inclusion_proof(tree, other, size)) == plain.path(other, part)
            assert list(consistency_proof(tree, other + 1, size)) == plain.proof(other + 1, part)


@given(st.data())
def test_proofs_are_those_of_the_rfc(tree, entries, plain, data):
    size = data.draw(st.integers(1, len(entries)))
    index = data.draw(st.integers(0, size - 1))
    part = entries[:size]
    assert list(inclusion_proof(tree, index, size)) == plain.path(index, part)
    assert list(consistency_proof(tree, index + 1, size)) == plain.proof(index + 1, part)


class Counting:
    def __init__(self):
        self.reads = 0

    def node(self, level, number, /):
        self.reads += 1
        return bytes(32)


@given(st.integers(1, 1 << 40), st.data())
def test_proofs_of_huge_trees_read_few_nodes(size, data):
    index = data.draw(st.integers(0, size - 1))
    for make in (
        lambda nodes: inclusion_proof(nodes, index, size),
        lambda nodes: consistency_proof(nodes, index + 1, size),
        lambda nodes: tree_root(nodes, size),
    ):
        nodes = Counting()
        make(nodes)
        assert nodes.reads <= 3 * size.bit_length()


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (0, 0), (1, 1), (5, 4)])
def test_a_leaf_that_is_not_there_has_no_proof(tree, index, size):
    with pytest.raises(ConfigError):
        inclusion_proof(tree, index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1), (-1, 1), (0, 0)])
def test_sizes_that_are_no_growth_have_no_proof(tree, old, new):
    with pytest.raises(ConfigError):
        consistency_proof(tree, old, new)


def test_a_negative_size_has_no_root(tree):
    with pytest.raises(ConfigError):
        tree_root(tree, -1)
