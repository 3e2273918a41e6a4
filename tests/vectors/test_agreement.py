"""Zu accepts and refuses what vectors/ says, through the code that commands use."""

import json
from pathlib import Path

import pytest

from zu_backends.signing import Ed25519Signer, Ed25519Verifier
from zu_backends.verify.entries import preimage, read_preimage
from zu_core.errors import IntegrityError
from zu_core.note.checkpoint import Trust, verify_checkpoint
from zu_core.note.keys import NoteKey, SecretKey
from zu_core.note.proof import parse_proof, verify_proof
from zu_core.note.signed import parse_note, verify_note

FOLDER = Path(__file__).resolve().parents[2] / "vectors"
VERIFIER = Ed25519Verifier()


def vector(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_entries_are_read_and_made_as_the_vectors_say():
    for each in vector("entry.json"):
        row = read_preimage(bytes.fromhex(each["hashed"]))
        assert row[12].hex() == each["hash"]
        assert row[10].hex() == each["payload"]
        assert preimage(row).hex() == each["hashed"]


def test_keys_and_notes():
    vectors = vector("note.json")
    keys = [NoteKey.parse(text) for text in vectors["keys"].values()]
    secrets = [SecretKey.parse(text) for text in vectors["secrets"].values()]
    assert [Ed25519Signer(secret).key for secret in secrets] == keys
    for each in vectors["good"]:
        assert len(verify_note(parse_note(each["note"].encode()), keys, VERIFIER)) == each["signed"]
    for each in vectors["bad"]:
        with pytest.raises(IntegrityError):
            verify_note(parse_note(each["note"].encode()), keys, VERIFIER)


def test_checkpoints():
    vectors = vector("checkpoint.json")
    trust = Trust.of([NoteKey.parse(vectors["key"])])
    for each in vectors["good"]:
        head = verify_checkpoint(each["note"].encode(), trust, VERIFIER).checkpoint
        assert (head.size, head.root.hex()) == (each["size"], each["root"])
    for each in vectors["bad"]:
        with pytest.raises(IntegrityError):
            verify_checkpoint(each["note"].encode(), trust, VERIFIER)


def check(text, trust):
    proof = parse_proof(text.encode())
    entry = read_preimage(proof.extra)[12]
    verify_proof(proof, entry, trust, VERIFIER)
    return entry


def test_proofs():
    vectors = vector("proof.json")
    trust = Trust.of([NoteKey.parse(text) for text in vectors["keys"]])
    for each in vectors["good"]:
        assert check(each["file"], trust).hex() == each["hash"]
    for each in vectors["bad"]:
        with pytest.raises(IntegrityError):
            check(each["file"], trust)
