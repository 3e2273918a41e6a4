"""JSON values of untrusted origin, made fit for the record."""

import hashlib
import json
import math
from typing import Any, Final

_INT64: Final = 1 << 63
_DEPTH: Final = 100


def canonical(value: Any) -> str:
    """Return `value` as JSON text with sorted keys and no blanks; equal values, equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, hexadecimal; lone surrogates are escaped."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def recordable(value: Any, *, text_limit: int | None = None, _depth: int = 0) -> Any:
    """Return `value` with nothing in it that an event can't hold.

    Integers beyond 64 bits and numbers that JSON has no spelling for become text, what is
    nested deeper than 100 levels is replaced by a note, and so is the rest of a string that
    is longer than `text_limit` characters.
    """
    if _depth > _DEPTH:
        return "[nested deeper than the record follows]"
    if isinstance(value, dict):
        return {
            _text(str(key), text_limit): recordable(item, text_limit=text_limit, _depth=_depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [recordable(item, text_limit=text_limit, _depth=_depth + 1) for item in value]
    if isinstance(value, str):
        return _text(value, text_limit)
    return _number(value)


def _number(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -_INT64 <= value < _INT64 else _big(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _big(value: int) -> str:
    # str() of an int refuses more than 4300 digits (sys.set_int_max_str_digits).
    return hex(value) if value.bit_length() > 10_000 else str(value)


def _text(value: str, limit: int | None) -> str:
    clean = value.encode("utf-8", "backslashreplace").decode("utf-8")
    if limit is None or len(clean) <= limit:
        return clean
    return f"{clean[:limit]}… [{len(value)} characters, SHA-256 {digest(value)}]"
