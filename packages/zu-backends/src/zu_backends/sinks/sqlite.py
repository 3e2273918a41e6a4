"""`SqliteSink`: the canonical store in one SQLite file (WAL), shared by processes."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from os import PathLike
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from zu_backends.sinks.files import create, unavailable
from zu_backends.sinks.sqlite_schema import (
    COLUMNS,
    SCHEMA_VERSION,
    bring_up,
    translated,
    version_of,
)
from zu_backends.sinks.sqlite_tree import SqliteNodes, extend
from zu_backends.sinks.threaded import BATCH_BYTES, BATCH_EVENTS, Page
from zu_backends.sinks.transparent import TransparentSink
from zu_core.chain import Break, ChainError, Entry, Link, Verifier, link
from zu_core.codec import Codecs
from zu_core.contracts.event import Event
from zu_core.entries import check_same, entry_of, event_of
from zu_core.errors import IntegrityError, Unavailable
from zu_core.merkle.views import TreeView
from zu_core.ports.storage import StoredEvent

_WHOLE: Final = f"SELECT {COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?"  # noqa: S608
# Seq grows with position, so the index on (trace_id, seq) gives a trace in order.
_TRACE: Final = f"SELECT {COLUMNS} FROM events WHERE trace_id = ? AND seq > ? AND position > ? ORDER BY seq LIMIT ?"  # noqa: S608, E501
_KNOWN: Final = f"SELECT {COLUMNS} FROM events WHERE event_id = ?"  # noqa: S608
_HEAD: Final = f"SELECT {COLUMNS} FROM events WHERE trace_id = ? ORDER BY seq DESC LIMIT 1"  # noqa: S608
_INSERT: Final = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 13)})"  # noqa: S608
_CHECK_ALL: Final = f"SELECT {COLUMNS} FROM events ORDER BY position"  # noqa: S608
_CHECK_TRACE: Final = f"SELECT {COLUMNS} FROM events WHERE trace_id = ? ORDER BY position"  # noqa: S608

_ROW: Final = (int, str, int, str, str, str, str, int, str, str, bytes, bytes, bytes)
_ROOT: Final = (int, str, int, str, type(None), str, str, int, str, str, bytes, bytes, bytes)


class SqliteSink(TransparentSink):
    """Stores events in `path`; an append returns after its commit is on disk.

    Args:
        path: the file; made, private to its owner, if it is not there.
        codecs: what payloads are written and read with; plain JSON by default.
        busy_timeout_ms: how long a call waits for another process's lock.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        codecs: Codecs | None = None,
        busy_timeout_ms: int = 10_000,
    ) -> None:
        store = _SqliteStore(Path(path).absolute(), codecs or Codecs(), busy_timeout_ms)
        super().__init__(store, name="zu-sqlite")


class _SqliteStore:
    def __init__(self, path: Path, codecs: Codecs, busy_timeout_ms: int) -> None:
        self._path = path
        self._codecs = codecs
        self._timeout = busy_timeout_ms / 1000
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        if self._connection is None:
            try:
                create(self._path)
            except OSError as error:
                raise unavailable(self._path, error) from error
            with translated(self._path):
                self._connection = self._connect()

    def append(self, events: Sequence[Event], /) -> tuple[StoredEvent, ...]:
        entries = [entry_of(event, self._codecs) for event in events]
        if not entries:
            return ()
        with translated(self._path), _write(self._open) as connection:
            (last,) = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
            stored = []
            for entry, event in zip(entries, events, strict=True):
                found = self._known(connection, entry, event)
                if found is None:
                    last += 1
                    found = last, self._insert(connection, last, entry)
                stored.append(StoredEvent(position=found[0], link=found[1], event=event))
            extend(connection, last)
        return tuple(stored)

    def cursor(self, after: int, /) -> tuple[int, int]:
        return after, 0

    def page(self, trace_id: str | None, cursor: tuple[int, int], /) -> Page:
        after, seq = cursor
        arguments: tuple[Any, ...] = (after, BATCH_EVENTS)
        if trace_id is not None:
            arguments = (trace_id, seq, *arguments)
        events: list[StoredEvent] = []
        size = 0
        with (
            translated(self._path),
            closing(self._open.execute(_WHOLE if trace_id is None else _TRACE, arguments)) as rows,
        ):
            for row in rows:
                position, place, entry = _read(row)
                event = event_of(entry, self._codecs)
                events.append(StoredEvent(position=position, link=place, event=event))
                size += len(entry.payload)
                if size > BATCH_BYTES:
                    break
        if not events:
            return Page((), None)
        return Page(tuple(events), (events[-1].position, events[-1].link.seq))

    def verifier(self, trace_id: str | None, /) -> Callable[[], int]:
        return lambda: self._verify(trace_id)

    @contextmanager
    def tree(self) -> Iterator[TreeView]:
        """Return the tree of one snapshot; see `TreeStore.tree`."""
        with translated(self._path), _read_only(self._open) as connection:
            (size,) = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
            yield TreeView(SqliteNodes(connection), size)

    def close(self) -> None:
        if self._connection is not None:
            with translated(self._path):
                self._connection.close()
            self._connection = None

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise Unavailable(f"the log {self._path} is closed", advice="open a new sink")
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            self._use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            if version_of(connection, self._path) != SCHEMA_VERSION:
                with _write(connection):
                    version = version_of(connection, self._path)
                    if version != SCHEMA_VERSION:
                        bring_up(connection, version)
        except BaseException:
            connection.close()
            raise
        return connection

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        # The change of mode fails at once, without the busy handler, where two processes
        # open a new file together (sqlite.org/wal.html, "Sometimes queries return BUSY").
        deadline = monotonic() + self._timeout
        while True:
            try:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or monotonic() > deadline:
                    raise
                sleep(0.01)
        if mode != "wal":
            raise Unavailable(
                f"the log {self._path} can't use a write-ahead log (mode {mode!r})",
                advice="choose a local file system that has shared memory",
            )

    def _known(
        self, connection: sqlite3.Connection, entry: Entry, event: Event
    ) -> tuple[int, Link] | None:
        row = connection.execute(_KNOWN, (entry.event_id,)).fetchone()
        if row is None:
            return None
        position, place, stored = _read(row)
        check_same(stored, entry, event, self._codecs)
        return position, place

    def _insert(self, connection: sqlite3.Connection, position: int, entry: Entry) -> Link:
        row = connection.execute(_HEAD, (entry.trace_id,)).fetchone()
        place = link(None if row is None else _read(row)[1], entry)
        connection.execute(
            _INSERT,
            (
                position,
                entry.trace_id,
                place.seq,
                entry.event_id,
                entry.parent_id,
                entry.task_id,
                entry.type,
                entry.ts,
                entry.source,
                entry.codec,
                entry.payload,
                place.prev,
                place.hash,
            ),
        )
        return place

    def _verify(self, trace_id: str | None) -> int:
        verifier = Verifier(trace_id)
        with translated(self._path), closing(self._connect()) as connection:
            connection.execute("BEGIN")  # one snapshot for all that follows
            version_of(connection, self._path)
            _check_pages(connection, self._path)
            rows: Iterator[tuple[Any, ...]] = (
                connection.execute(_CHECK_ALL)
                if trace_id is None
                else connection.execute(_CHECK_TRACE, (trace_id,))
            )
            for count, row in enumerate(rows, 1):
                position, place, entry = _read(row)
                if trace_id is None and position != count:
                    raise ChainError(
                        Break.GAP,
                        position=count,
                        trace_id=entry.trace_id,
                        detail=f"the entry behind it stands at position {position}",
                    )
                verifier.add(entry, place, position=position)
        return verifier.count


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    """Raise IntegrityError where an index hides or invents rows, or a page is damaged."""
    (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if answer != "ok":
        raise IntegrityError(
            f"the pages of the log {path} contradict each other: {answer}",
            advice="use a copy that was kept elsewhere",
        )


@contextmanager
def _write(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Hold the write lock; commit at the end, roll back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _read_only(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Hold one snapshot."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")


def _read(row: tuple[Any, ...]) -> tuple[int, Link, Entry]:
    kinds = tuple(map(type, row))
    if kinds not in (_ROW, _ROOT):
        raise ChainError(
            Break.EDITED, position=row[0], trace_id=str(row[1]), detail="a field has another type"
        )
    position, trace_id, seq, event_id, parent_id, task_id, kind, ts, source, codec = row[:10]
    entry = Entry(
        trace_id=trace_id,
        event_id=event_id,
        parent_id=parent_id,
        task_id=task_id,
        type=kind,
        ts=ts,
        source=source,
        codec=codec,
        payload=row[10],
    )
    return position, Link(trace_id, seq, row[11], row[12]), entry
