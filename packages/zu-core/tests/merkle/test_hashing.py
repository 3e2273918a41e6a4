from hashlib import sha256

from zu_core.merkle import EMPTY_ROOT, leaf_hash, node_hash


def test_hashes_are_those_of_the_rfc():
    assert sha256().digest() == EMPTY_ROOT
    assert leaf_hash(b"x") == sha256(b"\x00x").digest()
    assert node_hash(b"l", b"r") == sha256(b"\x01lr").digest()


def test_a_leaf_is_no_node():
    assert leaf_hash(b"lr") != node_hash(b"l", b"r")
