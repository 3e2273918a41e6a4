import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.errors import IntegrityError
from zu_core.merkle import MemoryTree, inclusion_proof, leaf_hash, tree_root
from zu_core.note.checkpoint import Checkpoint, Trust, sign_checkpoint
from zu_core.note.proof import Proof, parse_proof, verify_proof

ENTRIES = [bytes([number]) * 32 for number in range(11)]


@pytest.fixture
def tree():
    tree = MemoryTree()
    for entry in ENTRIES:
        tree.append(leaf_hash(entry))
    return tree


def make(tree, signers, index, size=11, extra=None):
    head = Checkpoint("example.com/log", size, tree_root(tree, size))
    note = sign_checkpoint(head, signers, time=3).encode()
    return Proof(index, inclusion_proof(tree, index, size), note, extra)


def test_the_file_is_that_of_the_specification(tree, log):
    lines = make(tree, [log], 10, extra=b"more").encode().decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra bW9yZQ==", "index 10"]
    assert lines[5:8] == ["", "example.com/log", "11"]


@pytest.mark.parametrize("size", [1, 2, 7, 8, 11])
@pytest.mark.parametrize("extra", [None, b"", b"\0\n"])
def test_proofs_read_back_and_hold(tree, log, witness, verifier, size, extra):
    trust = Trust.of([log.key, witness.key])
    for index in range(size):
        proof = make(tree, [log, witness], index, size, extra)
        assert parse_proof(proof.encode()) == proof
        signed = verify_proof(proof, ENTRIES[index], trust, verifier)
        assert signed.checkpoint.size == size


def test_another_entry_place_or_log_is_refused(tree, log, witness, verifier):
    proof = make(tree, [log], 4)
    trust = Trust.of([log.key])
    for leaf in (ENTRIES[5], b"", ENTRIES[4] + b"\0"):
        with pytest.raises(IntegrityError):
            verify_proof(proof, leaf, trust, verifier)
    with pytest.raises(IntegrityError):
        verify_proof(make(tree, [log], 5), ENTRIES[4], trust, verifier)
    with pytest.raises(IntegrityError, match="witnesses"):
        verify_proof(proof, ENTRIES[4], Trust.of([log.key, witness.key]), verifier)


def test_a_proof_without_signature_is_refused(tree, log, verifier):
    proof = make(tree, [log], 4)
    forged = Proof(4, proof.hashes, proof.checkpoint.partition(b"\n\n")[0] + b"\n")
    with pytest.raises(IntegrityError, match="no signatures"):
        verify_proof(forged, ENTRIES[4], Trust.of([log.key]), verifier)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2"),
        (b"\nindex 4", b""),
        (b"index 4", b"index 04"),
        (b"index 4", b"index -4"),
        (b"index 4", b"index  4"),
        (b"index 4", b"index 4 "),
        (b"index 4\n", b"index 4\nAAAA\n"),
        (b"index 4\n", b"index 4\n!\n"),
        (b"index 4\n", b"index 4\n" + b"A" * 43 + b"=\n" * 64),
        (b"index 4\n", b"index 4\r\n"),
        (b"index 4\n", b"extra AAAA\nextra AAAA\nindex 4\n"),
        (b"index 4\n", b"index 4\nextra AAAA\n"),
        (b"index 4\n", b"extra AAB=\nindex 4\n"),
        (b"\n\nexample", b"\nexample"),
        (b"index 4\n", "é\nindex 4\n".encode()),
    ],
)
def test_what_is_no_proof_is_refused(tree, log, verifier, old, new):
    data = make(tree, [log], 4).encode()
    assert old in data
    changed, trust = data.replace(old, new, 1), Trust.of([log.key])
    with pytest.raises(IntegrityError):
        verify_proof(parse_proof(changed), ENTRIES[4], trust, verifier)


@given(st.binary(max_size=50))
def test_any_bytes_are_a_proof_or_refused(data):
    for candidate in (
        data,
        b"c2sp.org/tlog-proof@v1\n" + data,
        b"c2sp.org/tlog-proof@v1\nindex 1\n\n" + data,
    ):
        try:
            proof = parse_proof(candidate)
        except IntegrityError:
            continue
        assert proof.encode() == candidate
