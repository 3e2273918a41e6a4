"""One line of a JSON-lines log: the fields of an entry, its link, and its payload as is.

A line has one spelling for what it says. A reader that writes it again and gets other
bytes has found an edit, so no doubled key or odd escape can show one thing to a verifier
and another to a search tool. The layout is in docs/log-format.md.
"""

from base64 import b64encode
from typing import Final

import msgspec

from zu_core.chain import VERSION, Break, ChainError, Entry, Link

START: Final = b'{"v":%d,' % VERSION


class Line(msgspec.Struct, frozen=True):
    """What a line holds.

    Attributes:
        more: lines behind this one that were appended together with it; without them, it
            was never acknowledged.
    """

    entry: Entry
    link: Link
    more: int


class _Json(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The members of a line, in order. One of `payload` and `blob` is there."""

    v: int
    trace_id: str
    seq: int
    event_id: str
    parent_id: str | None
    task_id: str
    type: str
    ts: int
    source: str
    codec: str
    prev: str
    hash: str
    more: int
    size: int
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    blob: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_Json)
_base64: Final = msgspec.json.Decoder(bytes)


def encode_line(line: Line) -> bytes:
    """Return the one spelling of `line`, with its line feed."""
    entry, link = line.entry, line.link
    plain = entry.codec.startswith("json")
    value = entry.payload if plain else b'"%s"' % b64encode(entry.payload)
    raw = msgspec.Raw(value)
    fields = _Json(
        v=VERSION,
        trace_id=entry.trace_id,
        seq=link.seq,
        event_id=entry.event_id,
        parent_id=entry.parent_id,
        task_id=entry.task_id,
        type=entry.type,
        ts=entry.ts,
        source=entry.source,
        codec=entry.codec,
        prev=link.prev.hex(),
        hash=link.hash.hex(),
        more=line.more,
        size=len(value),
        payload=raw if plain else msgspec.UNSET,
        blob=msgspec.UNSET if plain else raw,
    )
    return _encoder.encode(fields) + b"\n"


def decode_line(data: bytes, position: int) -> Line:
    """Return what the line `data`, which ends with its line feed, holds.

    Raises:
        ChainError: `data` is no line as `encode_line` spells it.
    """
    try:
        fields = _decoder.decode(data)
        line = Line(_entry(fields), _link(fields), fields.more)
        spelling = encode_line(line)
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError) as error:
        raise _edited(position, f"it is no line of a log: {error}") from error
    if spelling != data:
        raise _edited(position, "it is spelt in another way than it was written")
    return line


def _entry(fields: _Json) -> Entry:
    if fields.codec.startswith("json"):
        payload = b"" if fields.payload is msgspec.UNSET else bytes(fields.payload)
    else:
        payload = b"" if fields.blob is msgspec.UNSET else _base64.decode(fields.blob)
    return Entry(
        trace_id=fields.trace_id,
        event_id=fields.event_id,
        parent_id=fields.parent_id,
        task_id=fields.task_id,
        type=fields.type,
        ts=fields.ts,
        source=fields.source,
        codec=fields.codec,
        payload=payload,
    )


def _link(fields: _Json) -> Link:
    return Link(fields.trace_id, fields.seq, bytes.fromhex(fields.prev), bytes.fromhex(fields.hash))


def _edited(position: int, detail: str) -> ChainError:
    return ChainError(Break.EDITED, position=position, trace_id="?", detail=detail)
