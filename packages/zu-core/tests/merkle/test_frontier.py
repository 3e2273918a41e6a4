import pytest

from zu_core.errors import ConfigError
from zu_core.merkle import Frontier, leaf_hash


def test_roots_of_all_sizes_are_those_of_the_rfc(entries, plain):
    frontier = Frontier()
    assert frontier.root() == plain.mth([])
    for size, entry in enumerate(entries, 1):
        frontier.append(leaf_hash(entry))
        assert frontier.size == size
        assert len(frontier.hashes) == size.bit_count()
        assert frontier.root() == plain.mth(entries[:size])


def test_a_frontier_goes_on_from_what_was_kept(entries):
    whole, part = Frontier(), Frontier()
    for entry in entries[:77]:
        part.append(leaf_hash(entry))
    part = Frontier(part.size, part.hashes)
    for entry in entries[77:]:
        part.append(leaf_hash(entry))
    for entry in entries:
        whole.append(leaf_hash(entry))
    assert part.root() == whole.root()


@pytest.mark.parametrize(
    ("size", "hashes"), [(-1, ()), (1, ()), (2, (b"x" * 32,) * 2), (1, (b"",))]
)
def test_what_is_no_right_edge_is_refused(size, hashes):
    with pytest.raises(ConfigError):
        Frontier(size, hashes)
