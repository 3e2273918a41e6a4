"""What is kept in vectors/ is what the code makes, and what the specifications say."""

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "vectors"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


plain = load(Path(__file__).with_name("plain.py"))


def vector(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_the_generator_makes_what_is_kept():
    made = load(FOLDER / "generate.py").files()
    assert {path.name for path in FOLDER.glob("*.json")} == set(made)
    for name, content in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == content, name


def test_entries_are_chained():
    heads = {}
    entries = vector("entry.json")
    assert len({entry["trace_id"] for entry in entries}) > 1
    for entry in entries:
        data = plain.entry_bytes(entry)
        assert data.hex() == entry["hashed"]
        assert hashlib.sha256(data).hexdigest() == entry["hash"]
        seq, prev = heads.get(entry["trace_id"], (0, "00" * 32))
        assert (entry["seq"], entry["prev"]) == (seq + 1, prev)
        heads[entry["trace_id"]] = entry["seq"], entry["hash"]


LEAVES = [hashlib.sha256(f"leaf {number}".encode()).digest() for number in range(300)]


def test_roots_and_proofs_are_those_of_the_rfcs():
    vectors = vector("merkle.json")
    roots = {int(size): bytes.fromhex(root) for size, root in vectors["roots"].items()}
    for size, root in roots.items():
        assert plain.mth(LEAVES[:size]) == root
    for each in vectors["inclusion"]:
        proof = [bytes.fromhex(value) for value in each["proof"]]
        assert proof == plain.path(each["index"], LEAVES[: each["size"]])
        hash_ = plain.leaf(LEAVES[each["index"]])
        found = plain.root_of_inclusion(hash_, each["index"], each["size"], proof)
        assert found == roots[each["size"]]
    for each in vectors["consistency"]:
        proof = [bytes.fromhex(value) for value in each["proof"]]
        old, new = each["old"], each["new"]
        assert proof == plain.subproof(old, LEAVES[:new])
        found = plain.roots_of_consistency(old, new, proof, roots[old])
        assert found == (roots[old], roots[new])


def test_notes_hold_or_not():
    vectors = vector("note.json")
    keys = list(vectors["keys"].values())
    for each in vectors["good"]:
        assert plain.open_note(each["note"], keys)[1] == each["signed"], each["why"]
    assert len(vectors["bad"]) > 5
    for each in vectors["bad"]:
        with pytest.raises(plain.Bad):
            plain.open_note(each["note"], keys)


def test_checkpoints_hold_or_not():
    vectors = vector("checkpoint.json")
    for each in vectors["good"]:
        size, root, _ = plain.open_checkpoint(each["note"], [vectors["key"]])
        assert (size, root.hex()) == (each["size"], each["root"])
    for each in vectors["bad"]:
        with pytest.raises(plain.Bad):
            plain.open_checkpoint(each["note"], [vectors["key"]])


def test_proofs_hold_or_not():
    vectors = vector("proof.json")
    for each in vectors["good"]:
        assert plain.open_proof(each["file"], vectors["keys"]).hex() == each["hash"]
    for each in vectors["bad"]:
        with pytest.raises(plain.Bad):
            plain.open_proof(each["file"], vectors["keys"])
