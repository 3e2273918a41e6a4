"""The head of a log's tree, as a note (c2sp.org/tlog-checkpoint)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

import msgspec

from zu_core.errors import ConfigError, IntegrityError
from zu_core.merkle.hashing import EMPTY_ROOT, HASH_SIZE
from zu_core.note import base64
from zu_core.note.keys import KeyType, NoteKey
from zu_core.note.signed import Note, Signed, parse_note, sign_text, verify_note
from zu_core.note.signing import SignatureVerifier, Signer

NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
"""A decimal below 10^19, in its one spelling."""


class Checkpoint(msgspec.Struct, frozen=True):
    """What a log states of itself.

    Attributes:
        origin: which log; here always the name of the key that signs.
        size: leaves of the tree, that is events of the log.
        root: of the tree of that size, 32 bytes.
        extensions: further lines, which mean nothing here.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the text of the note."""
        lines = (self.origin, str(self.size), base64.encode(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Return what the text of a note states.

        Raises:
            IntegrityError: it is no checkpoint's.
        """
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not all(lines):
            _fail("it has less than three lines, or an empty one")
        if not NUMBER.fullmatch(lines[1]) or int(lines[1]) >= 1 << 63:
            _fail("its size is no decimal number")
        try:
            root = base64.decode(lines[2])
        except ValueError:
            root = b""
        if len(root) != HASH_SIZE:
            _fail(f"its root is not the base64 of {HASH_SIZE} bytes")
        checkpoint = cls(lines[0], int(lines[1]), root, tuple(lines[3:]))
        if not checkpoint.size and root != EMPTY_ROOT:
            _fail("its root is not that of an empty tree")
        return checkpoint


class Trust(msgspec.Struct, frozen=True):
    """Whose signatures are asked for.

    Attributes:
        logs: keys of which one, with the name that the checkpoint's origin has, signs.
        witnesses: keys that may cosign.
        quorum: how many of them have to.
    """

    logs: tuple[NoteKey, ...]
    witnesses: tuple[NoteKey, ...] = ()
    quorum: int = 0

    @classmethod
    def of(cls, keys: Iterable[NoteKey], *, quorum: int | None = None) -> "Trust":
        """Return trust in `keys`, told apart by their kind; all witnesses if no `quorum`.

        Raises:
            ConfigError: none of them is a log's, or there are fewer witnesses than asked for.
        """
        distinct = tuple(dict.fromkeys(keys))
        logs = tuple(key for key in distinct if key.type is KeyType.ED25519)
        witnesses = tuple(key for key in distinct if key.type is KeyType.COSIGNATURE)
        needed = len(witnesses) if quorum is None else quorum
        if not logs:
            raise ConfigError("no key of a log is given", advice="give it with --key FILE")
        if not 0 <= needed <= len(witnesses):
            raise ConfigError(
                f"{needed} cosignatures can't come of {len(witnesses)} witnesses",
                advice="give the key of each witness with --key FILE",
            )
        return cls(logs, witnesses, needed)


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint whose signatures were checked and are enough.

    Attributes:
        signed: by whom, and when as far as they say.
    """

    checkpoint: Checkpoint
    signed: tuple[Signed, ...]


def sign_checkpoint(
    checkpoint: Checkpoint, signers: Sequence[Signer], *, time: int | None = None
) -> Note:
    """Return `checkpoint` as a note, signed by each of `signers`.

    Raises:
        ConfigError: it would not read back equal.
    """
    text = checkpoint.text()
    try:
        same = Checkpoint.parse(text) == checkpoint
    except IntegrityError:
        same = False
    if not same:
        raise ConfigError("a part of the checkpoint can't be written as a line of text")
    return sign_text(text, signers, time=time)


def verify_checkpoint(data: bytes, trust: Trust, verifier: SignatureVerifier) -> SignedCheckpoint:
    """Return the checkpoint in the note `data`.

    Raises:
        IntegrityError: it is none, or is not signed as `trust` asks.
    """
    note = parse_note(data)
    signed = verify_note(note, (*trust.logs, *trust.witnesses), verifier)
    checkpoint = Checkpoint.parse(note.text)
    if not any(each.key in trust.logs and each.key.name == checkpoint.origin for each in signed):
        _fail(f"the log {checkpoint.origin!r} has not signed it with a key that is trusted")
    cosigned = sum(each.key in trust.witnesses for each in signed)
    if cosigned < trust.quorum:
        _fail(f"{cosigned} witnesses have cosigned it, {trust.quorum} are asked for")
    return SignedCheckpoint(checkpoint, signed)


def _fail(why: str) -> NoReturn:
    raise IntegrityError(
        f"the checkpoint does not hold: {why}",
        advice="use none of it; ask for it again, and keep this one",
    )
