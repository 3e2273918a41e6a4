"""What a `TransparencyLog` answers, given the nodes of a store and how many leaves it has."""

import msgspec

from zu_core.errors import ConfigError
from zu_core.merkle.proofs import Nodes, consistency_proof, inclusion_proof, tree_root


class TreeView(msgspec.Struct, frozen=True):
    """The tree of a store at one moment.

    Attributes:
        size: leaves that `nodes` has.
    """

    nodes: Nodes
    size: int

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` leaves; see `TransparencyLog.root`."""
        self._check(size)
        return tree_root(self.nodes, size)

    def inclusion(self, position: int, size: int) -> tuple[bytes, ...]:
        """Return the proof for the entry at `position`; see `TransparencyLog.inclusion`."""
        self._check(size)
        return inclusion_proof(self.nodes, position - 1, size)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the proof from `old` to `new`; see `TransparencyLog.consistency`."""
        self._check(new)
        return consistency_proof(self.nodes, old, new)

    def _check(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise ConfigError(
                f"the log holds {self.size} events, not {size}",
                advice="ask for a size that the log has had; another log may be meant",
            )
