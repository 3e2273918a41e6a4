"""Hash chain of one trace, over the bytes that are stored.

The hash of an entry covers every stored field and the hash of the entry before it, so
an edit, a removal, an insertion or another order shows at the first entry that it
touches. Removal at the end does not show: what remains is a shorter, whole chain. The
layout of the hashed bytes is in docs/log-format.md.
"""

import struct
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NoReturn

import msgspec

from zu_core.errors import ConfigError, IntegrityError

VERSION: Final = 1
GENESIS: Final = bytes(32)
"""`Link.prev` of the first entry of a trace."""

_DOMAIN: Final = b"zu-log-entry\0\0\0\0"
_ABSENT: Final = 0xFFFF_FFFF
"""Length that stands for an absent `parent_id`; an empty one has length 0."""

# domain, version, seq, ts, prev, then the lengths of the eight variable fields
_HEAD: Final = struct.Struct(">16sIQq32sIIIIIIIQ")


class Link(msgspec.Struct, frozen=True):
    """Place of an entry in the chain of its trace.

    Attributes:
        seq: 1-based place in the trace.
        prev: hash of the entry before it, 32 bytes; `GENESIS` for the first.
        hash: hash of the entry, 32 bytes.
    """

    trace_id: str
    seq: int
    prev: bytes
    hash: bytes


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The stored fields of an event.

    Attributes:
        ts: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
        codec: tag of the codec that made `payload`.
        payload: the blob as it is stored.
    """

    trace_id: str
    event_id: str
    parent_id: str | None
    task_id: str
    type: str
    ts: int
    source: str
    codec: str
    payload: bytes


class Break(StrEnum):
    """How a chain is broken, as far as one entry and the ones before it can tell."""

    EDITED = "edited"
    """The entry, or its link, does not have the hash that is stored with it."""
    GAP = "gap"
    """At least one entry is missing here, or comes later."""
    REORDERED = "reordered"
    """The entry belongs before one that was already read."""
    DUPLICATE = "duplicate"
    """The entry is the one before it, again."""
    FORK = "fork"
    """The entry continues another history than the one that was read."""
    WRONG_TRACE = "wrong-trace"
    """The entry and its link, or the trace that is verified, differ."""


class ChainError(IntegrityError):
    """A stored chain is not what was written.

    Attributes:
        kind: how it is broken.
        position: 1-based place of the entry in what was read.
        trace_id: trace of the entry.
    """

    def __init__(self, kind: Break, *, position: int, trace_id: str, detail: str) -> None:
        super().__init__(
            f"the log is broken at position {position}, {kind.value}: {detail}; trace {trace_id!r}",
            advice="trust nothing from there on; compare with a copy that was kept elsewhere",
        )
        self.kind = kind
        self.position = position
        self.trace_id = trace_id


def entry_hash(entry: Entry, seq: int, prev: bytes) -> bytes:
    """Return the SHA-256 of `entry` at place `seq` behind the hash `prev`, 32 bytes.

    Raises:
        ConfigError: a field has no UTF-8 form or is out of the format's range.
    """
    try:
        trace_id = entry.trace_id.encode()
        event_id = entry.event_id.encode()
        parent_id = b"" if entry.parent_id is None else entry.parent_id.encode()
        task_id = entry.task_id.encode()
        kind = entry.type.encode()
        source = entry.source.encode()
        codec = entry.codec.encode()
        payload = entry.payload
        head = _HEAD.pack(
            _DOMAIN,
            VERSION,
            seq,
            entry.ts,
            prev,
            len(trace_id),
            len(event_id),
            _ABSENT if entry.parent_id is None else len(parent_id),
            len(task_id),
            len(kind),
            len(source),
            len(codec),
            len(payload),
        )
    except (UnicodeEncodeError, struct.error) as error:
        raise ConfigError(
            f"event {entry.event_id!r} can't be hashed: {error}",
            advice="use text that has a UTF-8 form and times between the years 1 and 9999",
        ) from error
    return sha256(
        b"".join((head, trace_id, event_id, parent_id, task_id, kind, source, codec, payload))
    ).digest()


def link(prev: Link | None, entry: Entry) -> Link:
    """Return the place of `entry` behind `prev`, or at the start of its trace for None.

    Raises:
        ConfigError: `prev` is of another trace, or a field can't be hashed.
    """
    if prev is None:
        seq, before = 1, GENESIS
    elif prev.trace_id == entry.trace_id:
        seq, before = prev.seq + 1, prev.hash
    else:
        raise ConfigError(
            f"event {entry.event_id!r} is of trace {entry.trace_id!r}, not {prev.trace_id!r}"
        )
    return Link(entry.trace_id, seq, before, entry_hash(entry, seq, before))


class Verifier:
    """Checks entries in the order of their store; traces may be interleaved.

    Memory grows with the number of traces, not of entries.
    """

    def __init__(self, trace_id: str | None = None) -> None:
        self._only = trace_id
        self._heads: dict[str, Link] = {}
        self._count = 0

    @property
    def count(self) -> int:
        """How many entries were found whole."""
        return self._count

    @property
    def heads(self) -> Mapping[str, Link]:
        """The last link of each trace; keep them elsewhere to notice a truncation."""
        return MappingProxyType(self._heads)

    def add(self, entry: Entry, place: Link, *, position: int | None = None) -> None:
        """Check that `entry` at `place` continues its trace.

        Args:
            position: 1-based place in the store, for the error; counted if not given.

        Raises:
            ChainError: it does not; nothing that follows can be checked.
        """
        trace_id = entry.trace_id
        if place.trace_id != trace_id or self._only not in (None, trace_id):
            self._fail(Break.WRONG_TRACE, place, position, f"the entry is of trace {trace_id!r}")
        try:
            found = entry_hash(entry, place.seq, place.prev)
        except ConfigError as error:
            self._fail(Break.EDITED, place, position, error.message)
        if found != place.hash:
            self._fail(Break.EDITED, place, position, "its bytes do not have its hash")
        head = self._heads.get(trace_id)
        seq, before = (0, GENESIS) if head is None else (head.seq, head.hash)
        if place.seq != seq + 1 or place.prev != before:
            kind, detail = _break(head, place)
            self._fail(kind, place, position, detail)
        self._heads[trace_id] = place
        self._count += 1

    def _fail(self, kind: Break, place: Link, position: int | None, detail: str) -> NoReturn:
        at = self._count + 1 if position is None else position
        raise ChainError(kind, position=at, trace_id=place.trace_id, detail=detail)


def _break(head: Link | None, place: Link) -> tuple[Break, str]:
    last = 0 if head is None else head.seq
    if place.seq > last + 1:
        return Break.GAP, f"entry {place.seq} follows entry {last}"
    if head is not None and place.hash == head.hash:
        return Break.DUPLICATE, f"entry {place.seq} stands here twice"
    if place.seq < last:
        return Break.REORDERED, f"entry {place.seq} follows entry {last}"
    return Break.FORK, f"entry {place.seq} does not continue the entry before it"
