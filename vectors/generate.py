"""Writes the vectors of this directory anew: `python vectors/generate.py`.

What it writes is the same each time. `tests/vectors` compares it with what is kept, and
holds each vector against an implementation that shares no code with Zu.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from zu_backends.signing import Ed25519Signer
from zu_core.chain import Entry, Link, link
from zu_core.merkle import (
    EMPTY_ROOT,
    MemoryTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
)
from zu_core.note.checkpoint import Checkpoint, sign_checkpoint
from zu_core.note.keys import KeyType
from zu_core.note.proof import Proof
from zu_core.note.signed import Note, sign_text

FOLDER = Path(__file__).resolve().parent

LOG = Ed25519Signer.of_seed("example.com/log", KeyType.ED25519, sha256(b"log").digest())
OTHER = Ed25519Signer.of_seed("example.com/log", KeyType.ED25519, sha256(b"other").digest())
WITNESS = Ed25519Signer.of_seed("witness.example/w", KeyType.COSIGNATURE, sha256(b"w").digest())
TIME = 1_800_000_000


def entries() -> list[tuple[Entry, Link]]:
    """Return entries of two traces that use the corners of the format."""
    odd = 'q"\\\b\f\n\r\t\x00\x1f\x7f\u2028é𝄞'
    given = [
        ("trace", "e1", None, "task", "harness.task.started", 0, "harness", "json1", b"{}"),
        ("trace", "e2", "e1", "", "data.x", -1, odd, "json1", b'{"a":[1,2.5,null],"b":"\\u0000"}'),
        ("tr\u00e4ce", "e3", "", odd, "data.", 2**62, "", "aes1", bytes(range(256))),
        ("trace", "e4", None, "task", "harness.x", 1, "harness", "json1", b'{"ctx":{"k":"v"}}'),
        ("trace", "", None, "", "", 253402300799999999, "", "", b""),
    ]
    heads: dict[str, Link] = {}
    made = []
    for trace, event, parent, task, kind, ts, source, codec, payload in given:
        entry = Entry(
            trace_id=trace,
            event_id=event,
            parent_id=parent,
            task_id=task,
            type=kind,
            ts=ts,
            source=source,
            codec=codec,
            payload=payload,
        )
        heads[trace] = place = link(heads.get(trace), entry)
        made.append((entry, place))
    return made


def preimage(entry: Entry, place: Link) -> bytes:
    """Return the bytes that are hashed, for whoever looks for the first one that differs."""
    texts = [
        None if text is None else text.encode()
        for text in (
            entry.trace_id,
            entry.event_id,
            entry.parent_id,
            entry.task_id,
            entry.type,
            entry.source,
            entry.codec,
        )
    ]
    head = b"zu-log-entry\0\0\0\0" + (1).to_bytes(4, "big") + place.seq.to_bytes(8, "big")
    head += entry.ts.to_bytes(8, "big", signed=True) + place.prev
    for text in texts:
        head += b"\xff" * 4 if text is None else len(text).to_bytes(4, "big")
    head += len(entry.payload).to_bytes(8, "big")
    return head + b"".join(text or b"" for text in texts) + entry.payload


def entry_vectors() -> list[dict[str, Any]]:
    """Return fields, hashed bytes and hash of each entry."""
    return [
        {
            "trace_id": entry.trace_id,
            "seq": place.seq,
            "event_id": entry.event_id,
            "parent_id": entry.parent_id,
            "task_id": entry.task_id,
            "type": entry.type,
            "ts": entry.ts,
            "source": entry.source,
            "codec": entry.codec,
            "payload": entry.payload.hex(),
            "prev": place.prev.hex(),
            "hashed": preimage(entry, place).hex(),
            "hash": place.hash.hex(),
        }
        for entry, place in entries()
    ]


def leaves() -> list[bytes]:
    """Return the bytes of 300 leaves."""
    return [sha256(f"leaf {number}".encode()).digest() for number in range(300)]


def tree_of(data: list[bytes]) -> MemoryTree:
    """Return the tree over `data`."""
    tree = MemoryTree()
    for value in data:
        tree.append(leaf_hash(value))
    return tree


def merkle_vectors() -> dict[str, Any]:
    """Return roots and proofs of trees over the same leaves."""
    tree = tree_of(leaves())
    sizes = (1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 300)
    return {
        "leaf": "leaf number n holds SHA-256 of the text `leaf n`",
        "roots": {"0": EMPTY_ROOT.hex()} | {str(n): tree_root(tree, n).hex() for n in sizes},
        "inclusion": [
            {
                "index": index,
                "size": size,
                "proof": [value.hex() for value in inclusion_proof(tree, index, size)],
            }
            for size in sizes
            for index in sorted({0, size // 3, size - 1})
        ],
        "consistency": [
            {
                "old": old,
                "new": new,
                "proof": [value.hex() for value in consistency_proof(tree, old, new)],
            }
            for new in sizes
            for old in sizes
            if old <= new
        ],
    }


def note_vectors() -> dict[str, Any]:
    """Return keys, notes that hold and notes that do not."""
    good = sign_text("text\n\nof two parts é\n", [LOG, WITNESS], time=TIME)
    alone = Note(good.text, good.signatures[:1])
    text = good.encode().decode()
    last = "— witness.example/w "
    return {
        "keys": {"log": str(LOG.key), "witness": str(WITNESS.key)},
        "secrets": {"log": LOG.secret.text(), "witness": WITNESS.secret.text()},
        "good": [
            {"why": "both have signed it", "note": text, "signed": 2},
            {"why": "one has signed it", "note": alone.encode().decode(), "signed": 1},
            {
                "why": "an unknown key of the same name has signed it too",
                "note": sign_text(good.text, [LOG, OTHER]).encode().decode(),
                "signed": 1,
            },
        ],
        "bad": [
            {"why": "another text", "note": text.replace("text", "test", 1)},
            {"why": "another time", "note": sign_text(good.text, [WITNESS], time=TIME + 1)
             .encode().decode().replace("text", "test", 1)},
            {"why": "an unknown key alone", "note": sign_text("text\n", [OTHER]).encode().decode()},
            {"why": "a part is cut off", "note": text[:-1]},
            {"why": "no signature", "note": good.text + "\n"},
            {"why": "a control character", "note": text.replace("text", "te\tt", 1)},
            {"why": "a key name with two spaces", "note": text.replace(last, last + " ")},
            {"why": "another dash", "note": text.replace(last, last.replace("—", "-"))},
        ],
    }  # fmt: skip


def checkpoint_vectors() -> dict[str, Any]:
    """Return checkpoints that hold and ones that do not."""
    root = tree_root(tree_of(leaves()), 300)
    head = Checkpoint("example.com/log", 300, root)
    empty = Checkpoint("example.com/log", 0, EMPTY_ROOT)
    more = Checkpoint("example.com/log", 300, root, ("extension",))
    text = head.text()
    return {
        "key": str(LOG.key),
        "good": [
            {"size": each.size, "root": each.root.hex(), "note": _signed(each.text())}
            for each in (head, empty, more)
        ],
        "bad": [
            {"why": "a zero in front of the size", "note": _signed(text.replace("300", "0300"))},
            {"why": "no size", "note": _signed(text.replace("300\n", ""))},
            {"why": "a short root", "note": _signed("example.com/log\n300\nAAAA\n")},
            {"why": "an empty line", "note": _signed(text + "\nextension\n")},
            {"why": "the origin of another log", "note": _signed(text.replace("/log", "/other"))},
            {"why": "size 0 with another root", "note": _signed(text.replace("300", "0"))},
        ],
    }


def proof_vectors() -> dict[str, Any]:
    """Return proof files that hold and ones that do not; a leaf is the hash of an entry."""
    made = entries()
    tree = tree_of([place.hash for _, place in made])
    head = Checkpoint("example.com/log", len(made), tree_root(tree, len(made)))
    note = sign_checkpoint(head, [LOG, WITNESS], time=TIME).encode()
    proofs = [
        Proof(n, inclusion_proof(tree, n, len(made)), note, preimage(*made[n]))
        for n in range(len(made))
    ]
    text = proofs[1].encode().decode()
    return {
        "keys": [str(LOG.key), str(WITNESS.key)],
        "good": [
            {"hash": place.hash.hex(), "file": proof.encode().decode()}
            for proof, (_, place) in zip(proofs, made, strict=True)
        ],
        "bad": [
            {"why": "another index", "file": text.replace("index 1", "index 2")},
            {"why": "another entry", "file": Proof(1, proofs[1].hashes, note, b"x")
             .encode().decode()},
            {"why": "a hash less", "file": Proof(1, proofs[1].hashes[1:], note, proofs[1].extra)
             .encode().decode()},
            {"why": "another size", "file": text.replace("\n5\n", "\n6\n")},
            {"why": "another version", "file": text.replace("@v1", "@v2")},
        ],
    }  # fmt: skip


def files() -> dict[str, str]:
    """Return the content of each file by its name."""
    content: dict[str, Any] = {
        "entry.json": entry_vectors(),
        "merkle.json": merkle_vectors(),
        "note.json": note_vectors(),
        "checkpoint.json": checkpoint_vectors(),
        "proof.json": proof_vectors(),
    }
    return {
        name: json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        for name, value in content.items()
    }


def _signed(text: str) -> str:
    return sign_text(text, [LOG]).encode().decode()


if __name__ == "__main__":
    for name, content in files().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
