"""Text with signatures below it (c2sp.org/signed-note)."""

from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

import msgspec

from zu_core.errors import ConfigError, IntegrityError
from zu_core.note import base64
from zu_core.note.keys import KeyType, NoteKey, check_name
from zu_core.note.signing import SignatureVerifier, Signer

MAX_BYTES: Final = 1 << 20
MAX_SIGNATURES: Final = 100
"""The specification asks for at least 16; each costs a verifier at most one check."""

_MARK: Final = "\u2014 "
_ED25519_BYTES: Final = 64


class Signature(msgspec.Struct, frozen=True):
    """A line below a note.

    Attributes:
        key_id: 4 bytes; with the name, it says which key and which kind of signature.
        value: what the key made; its form depends on the kind.
    """

    name: str
    key_id: bytes
    value: bytes


class Note(msgspec.Struct, frozen=True):
    """A text and the signatures below it, none of them checked.

    Attributes:
        text: ends with a line feed.
    """

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Return the note as it is stored and sent."""
        lines = [
            f"{_MARK}{each.name} {base64.encode(each.key_id + each.value)}\n"
            for each in self.signatures
        ]
        return f"{self.text}\n{''.join(lines)}".encode()


class Signed(msgspec.Struct, frozen=True):
    """A signature that was checked and holds.

    Attributes:
        time: seconds since 1970-01-01T00:00:00Z that a cosignature states; else None.
    """

    key: NoteKey
    time: int | None


def parse_note(data: bytes) -> Note:
    """Return the note in `data`.

    Raises:
        IntegrityError: it is none; nothing of it may be used.
    """
    if len(data) > MAX_BYTES:
        _fail(f"it is longer than {MAX_BYTES} bytes")
    try:
        content = data.decode()
    except UnicodeDecodeError:
        _fail("it is no UTF-8")
    if any(character < " " and character != "\n" for character in content):
        _fail("it holds a control character")
    text, blank, below = content.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        _fail("no signatures stand below it")
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        _fail(f"it has more than {MAX_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def sign_text(text: str, signers: Sequence[Signer], *, time: int | None = None) -> Note:
    """Return `text` with a signature of each of `signers`.

    Args:
        time: seconds since 1970-01-01T00:00:00Z, for cosignatures.

    Raises:
        ConfigError: `text` can't be a note's, or a cosignature lacks its time.
    """
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise ConfigError("a note is lines of text without control characters")
    return Note(text, tuple(_sign(text, signer, time) for signer in signers))


def verify_note(
    note: Note, keys: Iterable[NoteKey], verifier: SignatureVerifier
) -> tuple[Signed, ...]:
    """Return the signatures of `keys` below `note`; those of other keys are ignored.

    Raises:
        IntegrityError: a signature of one of `keys` does not hold, or there is none.
    """
    known = {(key.name, key.id): key for key in keys}
    found: dict[tuple[str, bytes], Signed] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            signed = Signed(key, _verify(note.text, key, signature.value, verifier))
            found.setdefault((key.name, key.id), signed)
    if not found:
        _fail("no key that is trusted has signed it", "check that --key is the log's")
    return tuple(found.values())


def _sign(text: str, signer: Signer, time: int | None) -> Signature:
    key = signer.key
    if key.type is KeyType.ED25519:
        return Signature(key.name, key.id, signer.sign(text.encode()))
    if time is None or not 0 <= time < 1 << 63:
        raise ConfigError("a cosignature states a time from 1970 on")
    return Signature(key.name, key.id, time.to_bytes(8, "big") + signer.sign(_cosigned(text, time)))


def _verify(text: str, key: NoteKey, value: bytes, verifier: SignatureVerifier) -> int | None:
    """Check one signature of a known key; return the time that it states, if any."""
    if key.type is KeyType.ED25519:
        if len(value) != _ED25519_BYTES:
            _fail(f"the signature of {key.name!r} has {len(value)} bytes")
        verifier.verify(key.public_key, value, text.encode())
        return None
    if len(value) != 8 + _ED25519_BYTES:
        _fail(f"the cosignature of {key.name!r} has {len(value)} bytes")
    time = int.from_bytes(value[:8], "big")
    if time >= 1 << 63:
        _fail(f"the cosignature of {key.name!r} states a time beyond 2^63")
    verifier.verify(key.public_key, value[8:], _cosigned(text, time))
    return time


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _parse_line(line: str) -> Signature:
    name, _, blob = line.removeprefix(_MARK).partition(" ")
    try:
        check_name(name)
        data = base64.decode(blob)
    except (ConfigError, ValueError):
        data = b""
    if not line.startswith(_MARK) or len(data) < 5:
        _fail("a line below it is no signature")
    return Signature(name, data[:4], data[4:])


def _fail(
    why: str, advice: str = "use none of it; ask for it again, and keep this one"
) -> NoReturn:
    raise IntegrityError(f"the note does not hold: {why}", advice=advice)
