"""The Merkle tree over a store: RFC 6962 hashes, RFC 9162 proofs.

A leaf is the 32-byte hash of an entry in the chain of its trace (`zu_core.chain`), in the
order of the store. The page docs/log-format.md has the bytes.
"""

from zu_core.merkle.frontier import Frontier
from zu_core.merkle.hashing import EMPTY_ROOT, HASH_SIZE, leaf_hash, node_hash
from zu_core.merkle.memory_tree import MemoryTree
from zu_core.merkle.proofs import Nodes, consistency_proof, inclusion_proof, tree_root
from zu_core.merkle.verification import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "Frontier",
    "MemoryTree",
    "Nodes",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]
