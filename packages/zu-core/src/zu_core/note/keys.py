"""Keys of notes, and their text forms.

A public key is written as `NAME+ID+BASE64`, a secret key as `PRIVATE+KEY+NAME+ID+BASE64`;
ID is eight hexadecimal digits, and the base64 holds the kind, one byte, and the key. That
is the form of the Go package golang.org/x/mod/sumdb/note, which C2SP's tools read.
"""

from enum import IntEnum
from hashlib import sha256
from typing import Final

import msgspec

from zu_core.errors import ConfigError
from zu_core.note import base64

_SECRET: Final = "PRIVATE+KEY+"  # noqa: S105 - a mark, no secret
_KEY_SIZE: Final = 32


class KeyType(IntEnum):
    """What a key signs (c2sp.org/signed-note, "Signature types")."""

    ED25519 = 1
    """The text of a note: keys of logs."""
    COSIGNATURE = 4
    """A time and a checkpoint: keys of witnesses (c2sp.org/tlog-cosignature)."""


class NoteKey(msgspec.Struct, frozen=True):
    """The public side of a key.

    Attributes:
        name: not empty, without white space and "+"; best a URL without a scheme.
        public_key: Ed25519, 32 bytes.
    """

    name: str
    type: KeyType
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public_key) != _KEY_SIZE:
            raise ConfigError(f"the public key of {self.name!r} is not {_KEY_SIZE} bytes long")

    @property
    def id(self) -> bytes:
        """The first four bytes of SHA-256 over name, line feed, kind and key."""
        tail = b"\n" + bytes([self.type]) + self.public_key
        return sha256(self.name.encode() + tail).digest()[:4]

    def __str__(self) -> str:
        blob = bytes([self.type]) + self.public_key
        return f"{self.name}+{self.id.hex()}+{base64.encode(blob)}"

    @classmethod
    def parse(cls, text: str) -> "NoteKey":
        """Return the key that `text` spells.

        Raises:
            ConfigError: it spells none, or one of another kind.
        """
        if text.startswith(_SECRET):
            raise ConfigError("a secret key stands where a public one belongs", advice=_ADVICE)
        name, key_id, kind, data = _split(text)
        key = cls(name, kind, data)
        if key.id != key_id:
            raise ConfigError(f"the key {name!r} does not have the id that it states")
        return key


class SecretKey(msgspec.Struct, frozen=True):
    """The secret side of a key; its repr does not show it.

    Attributes:
        stated_id: the id that the text form states, for whoever derives the public key.
        seed: Ed25519, 32 bytes.
    """

    name: str
    type: KeyType
    stated_id: bytes
    seed: bytes

    def __repr__(self) -> str:
        return f"SecretKey(name={self.name!r}, type={self.type!r})"

    def text(self) -> str:
        """Return the text form, which is the secret."""
        blob = bytes([self.type]) + self.seed
        return f"{_SECRET}{self.name}+{self.stated_id.hex()}+{base64.encode(blob)}"

    @classmethod
    def parse(cls, text: str) -> "SecretKey":
        """Return the key that `text` spells.

        Raises:
            ConfigError: it spells none; the message does not repeat it.
        """
        if not text.startswith(_SECRET):
            raise ConfigError("this is no secret key of a log", advice="make one: zu log keygen")
        name, key_id, kind, seed = _split(text.removeprefix(_SECRET))
        return cls(name, kind, key_id, seed)


_ADVICE: Final = "keep the secret key to yourself; the file of the public key ends with .pub"


def check_name(name: str) -> None:
    """Raise unless `name` can be a key's.

    Raises:
        ConfigError: it is empty, or holds white space, "+" or a control character.
    """
    if not name or any(c.isspace() or c == "+" or c < " " or c == "\x7f" for c in name):
        raise ConfigError(
            f"{name!r} can't be the name of a key",
            advice="use a URL without a scheme, without spaces and +, such as example.com/log",
        )
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"the name of a key has no UTF-8 form: {error}") from error


def _split(text: str) -> tuple[str, bytes, KeyType, bytes]:
    # base64 has "+" too: the first two are the separators
    name, _, rest = text.partition("+")
    digits, _, blob = rest.partition("+")
    check_name(name)
    try:
        key_id = bytes.fromhex(digits)
        data = base64.decode(blob)
        kind = KeyType(data[0])
    except (ValueError, IndexError) as error:
        raise ConfigError(
            f"the key {name!r} is not NAME+ID+KEY with an Ed25519 key",
            advice="copy the whole line that `zu log keygen` printed",
        ) from error
    if key_id.hex() != digits or len(key_id) != 4 or len(data) != 1 + _KEY_SIZE:
        raise ConfigError(f"the key {name!r} has a part of another length than an Ed25519 key")
    return name, key_id, kind, data[1:]
