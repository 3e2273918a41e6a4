import pytest

from zu_core.merkle import MemoryTree


@pytest.mark.parametrize("level", range(9))
def test_nodes_are_the_roots_of_complete_subtrees(level, tree, entries, plain):
    width = 1 << level
    for number in range(len(entries) // width):
        part = entries[number * width : (number + 1) * width]
        assert tree.node(level, number) == plain.mth(part)


@pytest.mark.parametrize("node", [(0, 300), (0, -1), (1, 150), (8, 1), (9, 0), (20, 0)])
def test_a_subtree_that_is_not_complete_is_no_node(node, tree):
    with pytest.raises(IndexError):
        tree.node(*node)


def test_size_counts_leaves(tree):
    assert (MemoryTree().size, tree.size) == (0, 300)
