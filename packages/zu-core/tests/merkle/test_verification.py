import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.errors import IntegrityError
from zu_core.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)


def octets(text):
    return base64.b64decode(text)


def run_vector(kind, vector):
    proof = [octets(text) for text in vector["proof"] or ()]
    if kind == "inclusion":
        leaf, root = octets(vector["leafHash"]), octets(vector["root"])
        verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], proof, root)
    elif kind == "subtreeinclusion":
        leaf, root = octets(vector["leafHash"]), octets(vector["root"])
        part = range(vector["start"], vector["end"])
        verify_subtree_inclusion(leaf, vector["leafIdx"], part, proof, root)
    elif kind == "consistency":
        roots = octets(vector["root1"]), octets(vector["root2"])
        verify_consistency(vector["size1"], vector["size2"], proof, *roots)
    else:
        roots = octets(vector["root1"]), octets(vector["root2"])
        part = range(vector["start"], vector["end"])
        verify_subtree_consistency(part, vector["size"], proof, *roots)


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("inclusion", 98),
        ("consistency", 98),
        ("subtreeinclusion", 204),
        ("subtreeconsistency", 118),
    ],
)
def test_every_vector_made_by_others_is_agreed_with(vectors, kind, count):
    files = sorted((vectors / kind).rglob("*.json"))
    assert len(files) == count
    for file in files:
        vector = json.loads(file.read_text())
        try:
            run_vector(kind, vector)
            refused = False
        except IntegrityError:
            refused = True
        assert refused == vector["wantErr"], file


def test_proofs_of_all_small_sizes_hold(tree, entries):
    for size in range(1, 40):
        root = tree_root(tree, size)
        for index in range(size):
            leaf = leaf_hash(entries[index])
            verify_inclusion(leaf, index, size, inclusion_proof(tree, index, size), root)
            proof = consistency_proof(tree, index + 1, size)
            verify_consistency(index + 1, size, proof, tree_root(tree, index + 1), root)


def test_each_subtree_is_shown_to_be_in_its_tree(tree, entries, plain):
    """Proofs by the recursion of the draft, which is PROOF with a start."""

    def subproof(start, end, low, high, whole):
        if (start, end) == (low, high):
            return [] if whole else [plain.mth(entries[low:high])]
        middle = low + plain.split(high - low)
        if end <= middle:
            return [*subproof(start, end, low, middle, whole), plain.mth(entries[middle:high])]
        if middle <= start:
            return [*subproof(start, end, middle, high, whole), plain.mth(entries[low:middle])]
        return [*subproof(middle, end, middle, high, False), plain.mth(entries[low:middle])]

    for size in range(1, 24):
        for start in range(size):
            for end in range(start + 1, size + 1):
                roots = plain.mth(entries[start:end]), plain.mth(entries[:size])
                if start % (1 << (end - start - 1).bit_length()):
                    with pytest.raises(IntegrityError, match="no subtree"):
                        verify_subtree_consistency(range(start, end), size, (), *roots)
                else:
                    proof = subproof(start, end, 0, size, True)
                    verify_subtree_consistency(range(start, end), size, proof, *roots)


@given(st.data())
def test_any_change_breaks_an_inclusion_proof(tree, entries, data):
    size = data.draw(st.integers(2, len(entries)))
    index = data.draw(st.integers(0, size - 1))
    proof = list(inclusion_proof(tree, index, size))
    leaf, root = leaf_hash(entries[index]), tree_root(tree, size)
    kind = data.draw(st.sampled_from(["flip", "drop", "add", "index", "leaf", "root", "cut"]))
    place = data.draw(st.integers(0, len(proof) - 1))
    if kind == "flip":
        proof[place] = bytes([proof[place][0] ^ 1]) + proof[place][1:]
    elif kind == "drop":
        del proof[place]
    elif kind == "add":
        proof.insert(place, bytes(32))
    elif kind == "cut":
        proof[place] = proof[place][:31]
    elif kind == "index":
        index = data.draw(st.integers(-1, size).filter(lambda other: other != index))
    elif kind == "leaf":
        leaf = bytes(32)
    else:
        root = bytes(32)
    with pytest.raises(IntegrityError):
        verify_inclusion(leaf, index, size, proof, root)


@given(st.data())
def test_any_change_breaks_a_consistency_proof(tree, data):
    new = data.draw(st.integers(2, tree.size))
    old = data.draw(st.integers(1, new - 1))
    proof = list(consistency_proof(tree, old, new))
    roots = [tree_root(tree, old), tree_root(tree, new)]
    kind = data.draw(st.sampled_from(["flip", "drop", "add", "old", "new", "swap"]))
    place = data.draw(st.integers(0, len(proof) - 1))
    if kind == "flip":
        proof[place] = bytes([proof[place][0] ^ 1]) + proof[place][1:]
    elif kind == "drop":
        del proof[place]
    elif kind == "add":
        proof.insert(place, bytes(32))
    elif kind == "swap":
        roots.reverse()
    else:
        roots[kind == "new"] = bytes(32)
    with pytest.raises(IntegrityError):
        verify_consistency(old, new, proof, *roots)


def test_an_empty_tree_proves_nothing():
    with pytest.raises(IntegrityError, match="empty tree"):
        verify_consistency(0, 0, (), EMPTY_ROOT, EMPTY_ROOT)
    with pytest.raises(IntegrityError, match="has no leaf"):
        verify_inclusion(bytes(32), 0, 0, (), EMPTY_ROOT)
