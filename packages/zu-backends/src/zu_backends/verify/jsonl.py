"""Checks a log in JSON lines.

A line has one spelling, so a pattern reads it; what does not fit the pattern is broken.
"""

import os
import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

import msgspec

from zu_backends.verify.entries import ChainCheck, Row
from zu_backends.verify.findings import Checked, Kind, LogBroken
from zu_backends.verify.growing_tree import GrowingTree
from zu_core.errors import Unavailable
from zu_core.note.checkpoint import Checkpoint

_BATCH: Final = 256
_BATCH_BYTES: Final = 1 << 20

_ESCAPE: Final = rb'\\(?:["\\bfnrt]|u00(?:0[0-7be-f]|1[0-9a-f]))'
_TEXT: Final = rb'"((?:[^"\\\x00-\x1f]|' + _ESCAPE + rb')*+)"'
_COUNT: Final = rb"(0|[1-9][0-9]{0,18})"
_HEX: Final = rb'"([0-9a-f]{64})"'
_MEMBERS: Final = (
    ("v", rb"1"),
    ("trace_id", _TEXT),
    ("seq", _COUNT),
    ("event_id", _TEXT),
    ("parent_id", rb"(?:null|" + _TEXT + rb")"),
    ("task_id", _TEXT),
    ("type", _TEXT),
    ("ts", rb"(0|-?[1-9][0-9]{0,18})"),
    ("source", _TEXT),
    ("codec", _TEXT),
    ("prev", _HEX),
    ("hash", _HEX),
    ("more", _COUNT),
    ("size", _COUNT),
)
_HEAD: Final = re.compile(
    rb"\{" + b",".join(b'"%s":%s' % (name.encode(), form) for name, form in _MEMBERS) + b","
)
_ESCAPED: Final = re.compile(_ESCAPE)
_ESCAPES: Final = {
    rb"\"": b'"',
    rb"\\": b"\\",
    rb"\b": b"\b",
    rb"\f": b"\f",
    rb"\n": b"\n",
    rb"\r": b"\r",
    rb"\t": b"\t",
}
_one_value: Final = msgspec.json.Decoder(msgspec.Raw)


def check_jsonl(
    path: Path,
    checkpoints: tuple[Checkpoint, ...],
    *,
    trace: str | None,
    progress: Callable[[int], None],
) -> Checked:
    """Check the log at `path`; see `check_log`."""
    chain = ChainCheck(consecutive=trace is None)
    tree = GrowingTree(checkpoints)
    only = None if trace is None else trace.encode(errors="surrogatepass")
    ids = _Ids(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            end = 0
            for batch, end in batches(file, size):  # noqa: B007 - the last one counts
                ids.add(batch)
                if only is None:
                    tree.add(chain.add(batch))
                else:
                    chain.add([row for row in batch if row[1] == only])
                progress(chain.count)
    except OSError as error:
        raise Unavailable(f"the log {path} can't be read: {error.strerror}") from error
    traces = len(chain.heads)
    if only is not None:
        return Checked(entries=chain.count, traces=traces, size=None, root=None)
    tree.end()
    return Checked(
        entries=chain.count, traces=traces, size=tree.size, root=tree.root(), torn=size - end
    )


def batches(
    file: BinaryIO, size: int, start: int = 0, position: int = 0
) -> Iterator[tuple[list[Row], int]]:
    """Yield the rows of whole appends within the first `size` bytes, and the offset behind.

    Args:
        start: where `file` stands: behind a whole append.
        position: of the last row before it.

    Raises:
        LogBroken: a line is none, or lines of an append are missing.
    """
    batch: list[Row] = []
    group: list[Row] = []
    offset = end = start
    left = 0
    while offset < size and (line := file.readline(size - offset)).endswith(b"\n"):
        offset += len(line)
        position += 1
        row, more = _read(line, position)
        if group and more != left - 1:
            _fail(Kind.GAP, "lines of one append are missing before it", position)
        left = more
        group.append(row)
        if more == 0:
            batch += group
            group, end = [], offset
            if len(batch) >= _BATCH or end - start > _BATCH_BYTES:
                yield batch, end
                batch, start = [], end
    if batch:
        yield batch, end


def _read(line: bytes, position: int) -> tuple[Row, int]:
    """Return what the line at `position` holds, and how many lines belong to its append."""
    found = _HEAD.match(line)
    if found is None:
        _fail(Kind.EDITED, "it is no line of a log, or spelt in another way", position)
    trace, seq, event, parent, task, kind, ts, source, codec, prev, hash_, more, size = (
        found.groups()
    )
    codec = _plain(codec)
    name = b'"payload":' if codec.startswith(b"json") else b'"blob":'
    value = line[found.end() + len(name) : -2]
    if line[found.end() :] != name + value + b"}\n" or len(value) != int(size):
        _fail(Kind.EDITED, "its last member is another, or of another size", position)
    return (
        position,
        _plain(trace),
        int(seq),
        _plain(event),
        None if parent is None else _plain(parent),
        _plain(task),
        _plain(kind),
        int(ts),
        _plain(source),
        codec,
        _payload(value, position, plain=name == b'"payload":'),
        bytes.fromhex(prev.decode()),
        bytes.fromhex(hash_.decode()),
    ), int(more)


def _payload(value: bytes, position: int, *, plain: bool) -> bytes:
    """Return the stored bytes: a value that is exactly one JSON text, or base64."""
    try:
        if plain:
            value.decode()
            data, spelling = value, bytes(_one_value.decode(value))
        else:
            data = a2b_base64(value[1:-1], strict_mode=True)
            spelling = b'"%s"' % b64encode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, Base64Error, RecursionError):
        spelling = b""
    if spelling != value:
        _fail(Kind.EDITED, "its payload is spelt in another way or more than one value", position)
    return data


def _plain(text: bytes) -> bytes:
    """Return the bytes that the JSON string with the content `text` stands for."""
    return _ESCAPED.sub(_unescape, text) if b"\\" in text else text


def _unescape(found: re.Match[bytes]) -> bytes:
    escape = found[0]
    return _ESCAPES.get(escape) or bytes([int(escape[2:], 16)])


class _Ids:
    """Finds the id of an event that stands in the log twice; 60 bytes per event."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[int] = set()

    def add(self, rows: list[Row]) -> None:
        for row in rows:
            mark = hash(row[3])
            if mark in self._seen:
                self._confirm(row)
            self._seen.add(mark)

    def _confirm(self, row: Row) -> None:
        """Raise if the id of `row` stands before it; two ids can have one `hash`."""
        with self._path.open("rb") as file:
            for rows, _ in batches(file, os.fstat(file.fileno()).st_size):
                for other in rows:
                    if other[0] >= row[0]:
                        return
                    if other[3] == row[3]:
                        _fail(Kind.DUPLICATE, f"its event id stands at {other[0]} before", row[0])


def _fail(kind: Kind, detail: str, position: int) -> NoReturn:
    raise LogBroken(kind, detail, position=position)
