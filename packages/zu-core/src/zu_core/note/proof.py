"""A proof that an entry is in a log, which needs nothing else (c2sp.org/tlog-proof)."""

from typing import Final, NoReturn

import msgspec

from zu_core.errors import IntegrityError
from zu_core.merkle.hashing import HASH_SIZE, leaf_hash
from zu_core.merkle.verification import verify_inclusion
from zu_core.note import base64
from zu_core.note.checkpoint import NUMBER, SignedCheckpoint, Trust, verify_checkpoint
from zu_core.note.signing import SignatureVerifier

_HEAD: Final = "c2sp.org/tlog-proof@v1"
_MAX_HASHES: Final = 63


class Proof(msgspec.Struct, frozen=True):
    """What a proof file holds, none of it checked.

    Attributes:
        index: of the leaf, from 0.
        hashes: from the leaf's sibling up to the root's child, 32 bytes each.
        checkpoint: the note, as it was made.
        extra: what the application adds; nothing signs it.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Return the content of the file."""
        extra = [] if self.extra is None else [f"extra {base64.encode(self.extra)}"]
        path = [base64.encode(each) for each in self.hashes]
        lines = [_HEAD, *extra, f"index {self.index}", *path, ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint


def parse_proof(data: bytes) -> Proof:
    """Return what the proof file `data` holds.

    Raises:
        IntegrityError: it is no proof.
    """
    above, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = above.decode("ascii").split("\n")
    except UnicodeDecodeError:
        _fail("it has another character than ASCII above the checkpoint")
    if not blank or lines.pop(0) != _HEAD:
        _fail(f"its first line is not {_HEAD}, or no checkpoint follows")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _decode(lines.pop(0).removeprefix("extra "))
    number = lines.pop(0).removeprefix("index ") if lines and lines[0][:6] == "index " else ""
    if not NUMBER.fullmatch(number):
        _fail("it names no index")
    hashes = tuple(_decode(line) for line in lines)
    if len(hashes) > _MAX_HASHES or any(len(each) != HASH_SIZE for each in hashes):
        _fail(f"its hashes are not up to {_MAX_HASHES} of {HASH_SIZE} bytes")
    return Proof(int(number), hashes, checkpoint, extra)


def verify_proof(
    proof: Proof, leaf: bytes, trust: Trust, verifier: SignatureVerifier
) -> SignedCheckpoint:
    """Check that the leaf that holds the bytes `leaf` is where `proof` says it is.

    Returns:
        The checkpoint of the tree that has it.

    Raises:
        IntegrityError: the proof does not show it, or its checkpoint does not hold.
    """
    signed = verify_checkpoint(proof.checkpoint, trust, verifier)
    head = signed.checkpoint
    verify_inclusion(leaf_hash(leaf), proof.index, head.size, proof.hashes, head.root)
    return signed


def _decode(text: str) -> bytes:
    try:
        return base64.decode(text)
    except ValueError:
        _fail("a line of it is no base64")


def _fail(why: str) -> NoReturn:
    raise IntegrityError(
        f"the file is no proof: {why}", advice="nothing is shown; ask for a new proof"
    )
