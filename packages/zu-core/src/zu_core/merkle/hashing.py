"""The two hashes of the tree (RFC 6962, section 2.1)."""

from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of the leaf that holds `data`, 32 bytes."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above `left` and `right`, 32 bytes."""
    return sha256(b"\1" + left + right).digest()
