"""The bytes of an entry, and the check that entries form chains."""

import struct
from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, NoReturn

from zu_backends.verify.findings import Kind, LogBroken

_MAGIC: Final = b"zu-log-entry\0\0\0\0"
_VERSION: Final = 1
_NO_PARENT: Final = 0xFFFF_FFFF
_FIXED: Final = struct.Struct(">16sIQq32sIIIIIIIQ")

Row = tuple[Any, ...]
"""position, trace_id, seq, event_id, parent_id, task_id, type, ts, source, codec, payload,
prev, hash: texts and blobs as bytes, as they are stored."""


def preimage(row: Row) -> bytes:
    """Return the bytes whose SHA-256 is the hash of the entry in `row`.

    Raises:
        struct.error, TypeError: a field has another type, or is out of range.
    """
    _, trace, seq, event, parent, task, kind, ts, source, codec, payload, prev, _ = row
    return b"".join(
        (
            _FIXED.pack(
                _MAGIC,
                _VERSION,
                seq,
                ts,
                prev,
                len(trace),
                len(event),
                _NO_PARENT if parent is None else len(parent),
                len(task),
                len(kind),
                len(source),
                len(codec),
                len(payload),
            ),
            trace,
            event,
            parent or b"",
            task,
            kind,
            source,
            codec,
            payload,
        )
    )


def read_preimage(data: bytes) -> Row:
    """Return the row that `data`, the hashed bytes of an entry, holds; its position is 0.

    Raises:
        LogBroken: `data` is no entry.
    """
    try:
        magic, version, seq, ts, prev, *lengths = _FIXED.unpack_from(data)
    except struct.error:
        magic = b""
    if magic != _MAGIC or version != _VERSION:
        raise LogBroken(Kind.EDITED, "the bytes are no entry of a log")
    parts: list[bytes | None] = []
    at = _FIXED.size
    for index, length in enumerate(lengths):
        absent = index == 2 and length == _NO_PARENT
        parts.append(None if absent else data[at : at + length])
        at += 0 if absent else length
    if at != len(data):
        raise LogBroken(Kind.EDITED, "the entry has another length than it states")
    trace, event, parent, task, kind, source, codec, payload = parts
    row = (0, trace, seq, event, parent, task, kind, ts, source, codec, payload, prev)
    whole = (*row, sha256(data).digest())
    _check_texts(whole)
    return whole


class ChainCheck:
    """Checks rows in the order of their store; memory grows with the number of traces."""

    def __init__(self, *, consecutive: bool = True) -> None:
        """Ask for positions without gaps if `consecutive`."""
        self._consecutive = consecutive
        self._heads: dict[bytes, tuple[int, bytes]] = {}
        self._count = 0

    @property
    def count(self) -> int:
        """How many entries were found whole."""
        return self._count

    @property
    def heads(self) -> Mapping[bytes, tuple[int, bytes]]:
        """The last `seq` and hash of each trace."""
        return MappingProxyType(self._heads)

    def add(self, rows: Sequence[Row]) -> list[bytes]:
        """Return the hashes of `rows`, which continue what was added before.

        Raises:
            LogBroken: at the first that does not.
        """
        hashes = [row[12] for row in rows]
        try:
            found = [sha256(preimage(row)).digest() for row in rows]
        except (struct.error, TypeError):
            found = []
        if found != hashes:
            self._add_slowly(rows)
        self._link(rows)
        return hashes

    def _link(self, rows: Sequence[Row]) -> None:
        heads, count = self._heads, self._count
        for row in rows:
            position, trace, seq, event, parent, task, kind, _, source, codec, _, prev, found = row
            count += 1
            head = heads.get(trace)
            if head != (seq - 1, prev) and (head is not None or seq != 1 or any(prev)):
                _explain(head or (0, b""), row)
            if position != count and self._consecutive:
                _fail(Kind.GAP, f"the entry that stands here has position {position}", row, count)
            ascii_ = event.isascii() and task.isascii() and kind.isascii() and source.isascii()
            if not (ascii_ and trace.isascii() and codec.isascii()) or parent:
                _check_texts(row)
            heads[trace] = seq, found
            self._count = count

    def _add_slowly(self, rows: Sequence[Row]) -> NoReturn:
        """Raise at the first row that is broken, of which there is one."""
        for row in rows:
            try:
                whole = sha256(preimage(row)).digest() == row[12]
            except (struct.error, TypeError) as error:
                _fail(Kind.EDITED, f"a field has another type or range ({error})", row)
            if not whole:
                _fail(Kind.EDITED, "its bytes do not have its hash", row)
            self._link((row,))
        raise AssertionError("no row is broken")


def _explain(head: tuple[int, bytes], row: Row) -> NoReturn:
    last, seq = head[0], row[2]
    if seq > last + 1:
        _fail(Kind.GAP, f"entry {seq} follows entry {last}", row)
    if row[12] == head[1]:
        _fail(Kind.DUPLICATE, f"entry {seq} stands here twice", row)
    if seq < last:
        _fail(Kind.REORDERED, f"entry {seq} follows entry {last}", row)
    _fail(Kind.FORK, f"entry {seq} does not continue the entry before it", row)


def _check_texts(row: Row) -> None:
    for index in (1, 3, 4, 5, 6, 8, 9):
        try:
            (row[index] or b"").decode()
        except UnicodeDecodeError:
            _fail(Kind.EDITED, "a text of it is no UTF-8", row)


def _fail(kind: Kind, detail: str, row: Row, position: int | None = None) -> NoReturn:
    trace = row[1].decode(errors="replace") if isinstance(row[1], bytes) else str(row[1])
    at = row[0] if position is None else position
    raise LogBroken(kind, detail, position=at if isinstance(at, int) else None, trace=trace)
