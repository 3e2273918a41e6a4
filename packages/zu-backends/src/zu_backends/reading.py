"""Logs for readers: rows in order, the tree, one event. Nothing is written or locked."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from zu_backends.sinks.sqlite_tree import SqliteNodes
from zu_backends.verify.entries import Row
from zu_backends.verify.jsonl import batches
from zu_backends.verify.log import is_sqlite
from zu_backends.verify.sqlite import check_schema, is_quiet, opened, translated
from zu_core.chain import Entry
from zu_core.errors import ConfigError, Unavailable
from zu_core.merkle import MemoryTree, leaf_hash
from zu_core.merkle.views import TreeView

_PAGE: Final = 512
_COLUMNS: Final = (
    "position, trace_id, seq, event_id, parent_id, task_id, type, ts, source, codec, payload,"
    " prev, hash"
)
_ROWS: Final = f"SELECT {_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?"  # noqa: S608
_OF_TRACE: Final = (
    f"SELECT {_COLUMNS} FROM events WHERE trace_id = CAST(? AS TEXT) AND position > ?"  # noqa: S608
    " ORDER BY seq LIMIT ?"
)
_BY_ID: Final = f"SELECT {_COLUMNS} FROM events WHERE event_id = CAST(? AS TEXT)"  # noqa: S608


class LogReader(Protocol):
    """An open log."""

    def rows(self, trace: str | None = None) -> Iterator[Row]:
        """Yield the rows, of `trace` if given, that were not yielded before."""
        ...

    def find(self, event_id: str) -> Row:
        """Return the row of an event.

        Raises:
            ConfigError: the log holds none with that id.
        """
        ...

    @property
    def tree(self) -> TreeView:
        """The tree of all that is stored now."""
        ...


@contextmanager
def reading(path: Path) -> Iterator[LogReader]:
    """Open the log at `path`, for reading alone.

    Raises:
        ConfigError: it is no log.
        IntegrityError: it is broken where it is read.
        Unavailable: it can't be read.
    """
    if not is_sqlite(path):
        yield _JsonlReader(path)
        return
    with translated(path), _opened(path) as connection:
        yield _SqliteReader(connection, check_schema(connection, path))


def entry_of(row: Row) -> Entry:
    """Return the fields of `row`, whose texts are bytes."""
    _, trace, _, event, parent, task, kind, ts, source, codec, payload, _, _ = row
    return Entry(
        trace_id=trace.decode(),
        event_id=event.decode(),
        parent_id=None if parent is None else parent.decode(),
        task_id=task.decode(),
        type=kind.decode(),
        ts=ts,
        source=source.decode(),
        codec=codec.decode(),
        payload=payload,
    )


class _SqliteReader:
    def __init__(self, connection: sqlite3.Connection, version: int) -> None:
        self._connection = connection
        self._version = version
        self._last = 0

    def rows(self, trace: str | None = None) -> Iterator[Row]:
        while page := self._page(trace):
            for row in page:
                self._last = row[0]
                yield row

    def find(self, event_id: str) -> Row:
        row = self._connection.execute(_BY_ID, (_octets(event_id),)).fetchone()
        if row is None:
            raise _unknown(event_id)
        return tuple(row)

    @property
    def tree(self) -> TreeView:
        (size,) = self._connection.execute(
            "SELECT coalesce(max(position), 0) FROM events"
        ).fetchone()
        if self._version > 1:
            return TreeView(SqliteNodes(self._connection), size)
        hashes = self._connection.execute("SELECT hash FROM events ORDER BY position")
        return _built(row[0] for row in hashes)

    def _page(self, trace: str | None) -> list[Any]:
        if trace is None:
            return self._connection.execute(_ROWS, (self._last, _PAGE)).fetchall()
        arguments = (_octets(trace), self._last, _PAGE)
        return self._connection.execute(_OF_TRACE, arguments).fetchall()


class _JsonlReader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._last = 0

    def rows(self, trace: str | None = None) -> Iterator[Row]:
        only = None if trace is None else _octets(trace)
        for row in self._new():
            if only in (None, row[1]):
                yield row

    def find(self, event_id: str) -> Row:
        wanted = _octets(event_id)
        for row in _JsonlReader(self._path)._new():
            if row[3] == wanted:
                return row
        raise _unknown(event_id)

    @property
    def tree(self) -> TreeView:
        return _built(row[12] for row in _JsonlReader(self._path)._new())

    def _new(self) -> Iterator[Row]:
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(self._offset)
                for rows, end in batches(file, size, self._offset, self._last):
                    self._offset, self._last = end, rows[-1][0]
                    yield from rows
        except OSError as error:
            raise Unavailable(f"the log {self._path} can't be read: {error.strerror}") from error


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database; a directory that can't be written is no hindrance if nobody writes."""
    quiet = False
    try:
        with opened(path, quiet=False):
            pass
    except Unavailable:
        quiet = is_quiet(path)
        if not quiet:
            raise
    with opened(path, quiet=quiet) as connection:
        yield connection


def _built(hashes: Iterator[bytes]) -> TreeView:
    tree = MemoryTree()
    for value in hashes:
        tree.append(leaf_hash(value))
    return TreeView(tree, tree.size)


def _octets(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _unknown(event_id: str) -> ConfigError:
    return ConfigError(
        f"the log holds no event {event_id!r}", advice="list them with zu log query LOG"
    )
