"""Codecs: a payload's JSON value to the blob that is stored, and back.

Each blob is stored with the tag of the codec that made it, so a store that was written
with several codecs reads back. What a codec accepts reads back equal, type for type;
all else is refused before it is stored.
"""

import math
import re
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from zu_core.errors import ConfigError, ProtocolError, Unavailable

MAX_DEPTH: Final = 128
"""Levels of containers. The decoder nests one C call per level, and CPython ends at about
1000 together with the callers' frames; SQLite's JSON functions end at 1000."""

MAX_INT_BITS: Final = 2048
"""Size of an integer: 617 digits, below the least limit that CPython can be set to (640)."""

_TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


@runtime_checkable
class Codec(Protocol):
    """Makes blobs of one tag.

    Attributes:
        tag: 1 to 32 of a-z, 0-9, ".", "_", "-". A tag that starts with "json" promises
            that each blob is one JSON text without a line break.
    """

    @property
    def tag(self) -> str:
        """The tag of its blobs; a change of the blob's format is a new tag."""
        ...

    def encode(self, payload: dict[str, Any], /, *, trace_id: str, event_id: str) -> bytes:
        """Return the blob; a codec may bind it to the row's ids.

        Raises:
            ConfigError: `payload` would not read back equal.
        """
        ...

    def decode(self, blob: bytes, /, *, trace_id: str, event_id: str) -> dict[str, Any]:
        """Return the payload.

        Raises:
            ProtocolError: `blob` is none of this codec.
            Unavailable: it can't be read now (no such key).
        """
        ...


class JsonCodec:
    """Plain JSON (RFC 8259) in UTF-8, without spaces, keys sorted by code point."""

    tag: Final = "json1"

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder(order="sorted")
        self._decoder = msgspec.json.Decoder(dict[str, Any])

    def encode(
        self, payload: dict[str, Any], /, *, trace_id: str = "", event_id: str = ""
    ) -> bytes:
        """Return `payload` as JSON.

        Raises:
            ConfigError: a value in it has no JSON form that reads back equal.
        """
        check_json(payload)
        try:
            return self._encoder.encode(payload)
        except UnicodeEncodeError as error:
            raise ConfigError(
                f"the payload of event {event_id!r} has a string without a UTF-8 form: {error}",
                advice="replace lone surrogates before the event is made",
            ) from error

    def decode(self, blob: bytes, /, *, trace_id: str = "", event_id: str = "") -> dict[str, Any]:
        """Return the payload in `blob`.

        Raises:
            ProtocolError: `blob` is no JSON object.
        """
        try:
            return self._decoder.decode(blob)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise ProtocolError(f"the payload of event {event_id!r} is no JSON: {error}") from error


class Codecs:
    """One codec to write with, and all those that can be read; knows codecs by tag."""

    def __init__(self, write: Codec | None = None, *read: Codec) -> None:
        """Write with `write` (plain JSON if None); read that, `read` and plain JSON.

        Raises:
            ConfigError: two codecs have one tag, or a tag is none.
        """
        self._write: Codec = JsonCodec() if write is None else write
        self._by_tag: dict[str, Codec] = {}
        for codec in (self._write, *read):
            if not _TAG.fullmatch(codec.tag):
                raise ConfigError(f"codec tag {codec.tag!r} is not 1 to 32 of a-z 0-9 . _ -")
            if codec.tag in self._by_tag:
                raise ConfigError(f"two codecs have the tag {codec.tag!r}", advice="give one")
            self._by_tag[codec.tag] = codec
        self._by_tag.setdefault(JsonCodec.tag, JsonCodec())

    def encode(self, payload: dict[str, Any], *, trace_id: str, event_id: str) -> tuple[str, bytes]:
        """Return tag and blob of `payload`.

        Raises:
            ConfigError: `payload` would not read back equal.
        """
        return self._write.tag, self._write.encode(payload, trace_id=trace_id, event_id=event_id)

    def decode(self, tag: str, blob: bytes, *, trace_id: str, event_id: str) -> dict[str, Any]:
        """Return the payload in `blob`.

        Raises:
            ProtocolError: `blob` is none of the codec `tag`.
            Unavailable: no codec has that tag, or it lacks its key.
        """
        codec = self._by_tag.get(tag)
        if codec is None:
            known = ", ".join(sorted(self._by_tag))
            raise Unavailable(
                f"the payload of event {event_id!r} was written with the codec {tag!r}",
                advice=f"open the log with that codec too; known here: {known}",
            )
        return codec.decode(blob, trace_id=trace_id, event_id=event_id)


def check_json(payload: object) -> None:
    """Raise unless `payload` is a JSON object that reads back equal, type for type.

    Raises:
        ConfigError: names the place of the first value that would not.
    """
    if type(payload) is not dict:
        raise ConfigError(f"a payload is a dict, not {type(payload).__name__}")
    try:
        _check(payload, 1)
    except _NotJsonError as error:
        place = "".join(f"[{step!r}]" for step in reversed(error.path))
        raise ConfigError(f"payload{place} {error.reason}", advice=error.advice) from None


class _NotJsonError(Exception):
    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.path: list[Any] = []


def _check(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is dict or kind is list:
        if depth > MAX_DEPTH:
            raise _NotJsonError(f"nests deeper than {MAX_DEPTH} levels", "store it as JSON text")
        _check_members(value, depth)
    elif kind is int:
        if value.bit_length() > MAX_INT_BITS:
            raise _NotJsonError(f"has more than {MAX_INT_BITS} bits", "store it as text")
    elif kind is float:
        if not math.isfinite(value):
            raise _NotJsonError(f"is {value}, which JSON does not have", "use None or text")
    else:
        raise _NotJsonError(
            f"is a {kind.__name__}, which would not read back as one",
            "convert it to dict, list, str, int, float, bool or None first",
        )


def _check_members(value: dict[Any, Any] | list[Any], depth: int) -> None:
    step: Any = 0
    keyed = isinstance(value, dict)
    try:
        for step, member in value.items() if isinstance(value, dict) else enumerate(value):
            if keyed and type(step) is not str:
                raise _NotJsonError("is a key that is no text", "use str keys")
            _check(member, depth + 1)
    except _NotJsonError as error:
        error.path.append(step)
        raise
