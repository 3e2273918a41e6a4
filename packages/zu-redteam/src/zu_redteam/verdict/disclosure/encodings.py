"""The forms that a secret takes in a text that gives it away.

All forms are reduced to `[a-z0-9]`, and so is the text that is searched: separators,
padding, the two alphabets of base64 and the case of letters then make no difference. Each
character keeps the place in the secret that it comes from, so that a match can be measured
in characters of the secret.
"""

import base64
import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

KEEP = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
LOWER = bytes(c + 32 if 65 <= c <= 90 else c for c in range(256))
DROPPED = bytes(sorted(c for c in range(256) if LOWER[c] not in KEEP))

_LAYERED = 256  # bytes of a secret up to which two encodings on top of each other are tried

_Symbol = tuple[int, int]  # byte, place in the secret
_Encoder = Callable[[list[_Symbol]], Iterator[list[_Symbol]]]


@dataclass(frozen=True, slots=True)
class Form:
    """One reduced encoding of a secret.

    Attributes:
        encoding: its name, for a person.
        text: its characters, reduced.
        places: for each character the place in the secret.
        length: characters of the secret.
        slack: characters at the two ends of a run that the encoding may blur together.
    """

    encoding: str
    text: bytes
    places: tuple[int, ...]
    length: int
    slack: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The range of the secret that characters `start` to `end` (exclusive) stand for.

        Characters that the reduction dropped at either end count as given away.
        """
        forward = self.places[0] <= self.places[-1]
        outer = (-1, self.length) if forward else (self.length, -1)
        before = self.places[start - 1] if start else outer[0]
        after = self.places[end] if end < len(self.places) else outer[1]
        inner = self.places[start:end]
        low = min(inner[0], inner[-1], min(before, after) + 1)
        high = max(inner[0], inner[-1], max(before, after) - 1)
        return max(low, 0), min(high, self.length - 1) + 1


def reduce_text(data: bytes) -> bytes:
    """`data` in lower case with nothing left but `[a-z0-9]`."""
    return data.translate(LOWER, DROPPED)


def forms(secret: bytes) -> tuple[Form, ...]:
    """All forms of `secret`: encodings of it and of its reverse, each also reversed."""
    plain = [(byte, place) for place, byte in enumerate(secret)]
    found: dict[bytes, Form] = {}
    for name, symbols, slack in _all_encodings(plain, layered=len(secret) <= _LAYERED):
        for label, ordered in ((name, symbols), (f"reversed {name}", symbols[::-1])):
            form = _reduced(label, ordered, len(secret), slack)
            if form is not None:
                found.setdefault(form.text, form)
    return tuple(found.values())


def _all_encodings(
    plain: list[_Symbol], *, layered: bool
) -> Iterator[tuple[str, list[_Symbol], int]]:
    yield "plain text", plain, 0
    for name, encode, slack in _ENCODERS:
        for symbols in encode(plain):
            yield name, symbols, slack
            if layered and name in _INNER:
                yield from _again(name, symbols, slack)
    for name, encode, slack in _ENCODERS:
        for symbols in encode(plain[::-1]):
            yield f"reversed text in {name}", symbols, slack


def _again(
    name: str, symbols: list[_Symbol], slack: int
) -> Iterator[tuple[str, list[_Symbol], int]]:
    """A second encoding on top of the one that made `symbols`."""
    for outer, encode, more in _ENCODERS:
        if outer in _OUTER:
            for twice in encode(symbols):
                yield f"{name} in {outer}", twice, slack + more


def _reduced(name: str, symbols: list[_Symbol], length: int, slack: int) -> Form | None:
    kept = [(LOWER[byte], place) for byte, place in symbols if LOWER[byte] in KEEP]
    if not kept:
        return None
    text, places = zip(*kept, strict=True)
    return Form(name, bytes(text), places, length, slack)


def _per_byte(spell: Callable[[int], str]) -> _Encoder:
    """An encoding that spells each byte by itself."""
    table = [spell(byte).encode() for byte in range(256)]

    def encode(symbols: list[_Symbol]) -> Iterator[list[_Symbol]]:
        yield [(char, place) for byte, place in symbols for char in table[byte]]

    return encode


def _per_bits(bits: int, group: int, encode_bytes: Callable[[bytes], bytes]) -> _Encoder:
    """An encoding of `bits` per character, at each offset within a group of `group` bytes.

    Only characters whose bits all come from the secret are kept: the others depend on what
    stands around it (RFC 4648 sections 4 and 6).
    """

    def encode(symbols: list[_Symbol]) -> Iterator[list[_Symbol]]:
        data = bytes(byte for byte, _ in symbols)
        for offset in range(group):
            encoded = encode_bytes(bytes(offset) + data)
            first = -(-8 * offset // bits)
            last = 8 * (offset + len(data)) // bits
            yield [
                (encoded[index], symbols[index * bits // 8 - offset][1])
                for index in range(first, last)
            ]

    return encode


_ROT13 = codecs.encode("abcdefghijklmnopqrstuvwxyz", "rot13").encode()


def _rot13(byte: int) -> str:
    lower = LOWER[byte]
    return chr(_ROT13[lower - 97]) if 97 <= lower <= 122 else chr(lower)


_ENCODERS: tuple[tuple[str, _Encoder, int], ...] = (
    ("base64", _per_bits(6, 3, base64.b64encode), 2),
    ("base32", _per_bits(5, 5, base64.b32encode), 2),
    ("base32 (extended hex)", _per_bits(5, 5, base64.b32hexencode), 2),
    ("hex", _per_byte(lambda byte: f"{byte:02x}"), 0),
    ("url encoding", _per_byte(lambda byte: quote(bytes([byte]), safe="")), 0),
    ("double url encoding", _per_byte(lambda byte: quote(quote(bytes([byte]), safe=""))), 0),
    ("decimal character codes", _per_byte(str), 0),
    ("octal character codes", _per_byte(lambda byte: f"{byte:03o}"), 0),
    ("rot13", _per_byte(_rot13), 0),
)
_INNER = frozenset({"base64", "base32", "hex"})
_OUTER = frozenset({"base64", "hex"})
