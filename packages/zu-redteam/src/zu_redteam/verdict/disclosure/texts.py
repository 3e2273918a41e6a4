"""What a text says once the usual escapes in it are taken away."""

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

_ESCAPES = (("\\n", " "), ("\\r", " "), ("\\t", " "), ('\\"', '"'), ("\\/", "/"))
_HEX_MARKS = (b"%25", b"\\u00", b"\\x", b"0x", b"&#x", b"%")
_NESTING = 32  # deeper JSON is searched as the text that it is


def forms_of(text: str | bytes) -> tuple[bytes, ...]:
    """`text` as it is, and once more for each kind of escape in it: URL, hex, JSON, Unicode."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    found = [raw]
    if b"%" in raw:
        found.append(unquote_to_bytes(raw))
    if any(mark in raw for mark in _HEX_MARKS):
        found.append(_bare_hex(raw.lower()))
    if b"\\" in raw or not raw.isascii():
        found += (_plain(raw.decode("utf-8", "replace")),)
    return tuple(dict.fromkeys(found))


def _bare_hex(text: bytes) -> bytes:
    """`text` without what marks a byte in hex: "\\x41", "0x41", "%41" and "\\u0041" are "41"."""
    for mark in _HEX_MARKS:
        text = text.replace(mark, b"")
    return text


def _plain(text: str) -> bytes:
    # What is no JSON, or not a whole document of it, is searched as the text that it is.
    with suppress(msgspec.DecodeError, RecursionError):
        text = "\n".join(_strings(msgspec.json.decode(text), _NESTING))
    for escape, meaning in _ESCAPES:
        text = text.replace(escape, meaning)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.encode("utf-8", "replace")


def _strings(value: Any, depth: int) -> Iterator[str]:
    """All strings within `value`, names of fields as well."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float):
        yield str(value)
    elif depth and isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _strings(inner, depth - 1)
    elif depth and isinstance(value, list):
        for inner in value:
            yield from _strings(inner, depth - 1)
    elif isinstance(value, dict | list):
        yield msgspec.json.encode(value).decode()
