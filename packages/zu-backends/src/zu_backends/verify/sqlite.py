"""Checks a log in SQLite, through a connection that only reads."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from zu_backends.verify.entries import ChainCheck
from zu_backends.verify.findings import Checked, Kind, LogBroken
from zu_backends.verify.growing_tree import GrowingTree
from zu_core.errors import ConfigError, Unavailable
from zu_core.note.checkpoint import Checkpoint

_APPLICATION: Final = 0x7A754C47
_BATCH: Final = 256
_BATCH_BYTES: Final = 1 << 20
_COLUMNS: Final = (
    "position, trace_id, seq, event_id, parent_id, task_id, type, ts, source, codec, payload,"
    " prev, hash"
)
_ALL: Final = f"SELECT {_COLUMNS} FROM events ORDER BY position"  # noqa: S608
_TRACE: Final = f"SELECT {_COLUMNS} FROM events WHERE trace_id = ? ORDER BY position"  # noqa: S608
_TILE: Final = "SELECT hash, below FROM tree WHERE level = ? AND number = ?"

_EVENTS: Final = (
    "CREATE TABLE events (position INTEGER PRIMARY KEY, trace_id TEXT NOT NULL,"
    " seq INTEGER NOT NULL, event_id TEXT NOT NULL UNIQUE, parent_id TEXT,"
    " task_id TEXT NOT NULL, type TEXT NOT NULL, ts INTEGER NOT NULL, source TEXT NOT NULL,"
    " codec TEXT NOT NULL, payload BLOB NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL,"
    " UNIQUE (trace_id, seq)) STRICT"
)
_TREE: Final = (
    "CREATE TABLE tree (level INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,"
    " below BLOB NOT NULL, PRIMARY KEY (level, number)) STRICT"
)
_OBJECTS: Final = {
    1: {
        "events": _EVENTS,
        "sqlite_autoindex_events_1": None,
        "sqlite_autoindex_events_2": None,
        "events_no_update": "trigger",
        "events_no_delete": "trigger",
        "events_no_replace": "trigger",
    }
}
_OBJECTS[2] = _OBJECTS[1] | {
    "tree": _TREE,
    "sqlite_autoindex_tree_1": None,
    "tree_no_update": "trigger",
    "tree_no_delete": "trigger",
    "tree_no_replace": "trigger",
}
"""What stands in sqlite_master, by name: the text of a table; triggers refuse changes."""


def check_sqlite(
    path: Path,
    checkpoints: tuple[Checkpoint, ...],
    *,
    trace: str | None,
    progress: Callable[[int], None],
) -> Checked:
    """Check the log at `path`; see `check_log`."""
    quiet = is_quiet(path)
    try:
        return _check(path, checkpoints, trace, progress, quiet=quiet)
    except LogBroken:
        if quiet and not is_quiet(path):  # a writer came, and the pages changed under the reader
            return _check(path, checkpoints, trace, progress, quiet=False)
        raise


def is_quiet(path: Path) -> bool:
    """Return whether the log at `path` has no write-ahead log with something in it."""
    wal = path.with_name(f"{path.name}-wal")
    return not wal.exists() or not wal.stat().st_size


def _check(
    path: Path,
    checkpoints: tuple[Checkpoint, ...],
    trace: str | None,
    progress: Callable[[int], None],
    *,
    quiet: bool,
) -> Checked:
    with (
        translated(path),
        opened(path, quiet=quiet) as pages,
        opened(path, quiet=quiet) as connection,
    ):
        connection.execute("BEGIN")  # one snapshot for all that follows
        version = check_schema(connection, path)
        with ThreadPoolExecutor(1, thread_name_prefix="zu-pages") as thread:
            # SQLite runs without the interpreter's lock, so this takes another core.
            answer = thread.submit(_check_pages, pages)
            try:
                checked = _stream(connection, version, checkpoints, trace, progress)
            except BaseException:
                pages.interrupt()
                raise
            _join(answer)
    return checked


@contextmanager
def opened(path: Path, *, quiet: bool) -> Iterator[sqlite3.Connection]:
    """Open the database at `path` for reading; texts come as bytes.

    Args:
        quiet: nobody writes it. Then no files appear beside it, and its directory need not
            be writable (sqlite.org/uri.html, "immutable").

    Raises:
        Unavailable: it can't be read, because its write-ahead log can't be.
    """
    name = f"file:{quote(str(path.absolute()))}?mode=ro{'&immutable=1' if quiet else ''}"
    connection = sqlite3.connect(name, uri=True, check_same_thread=False)
    with closing(connection):
        connection.isolation_level = None
        connection.text_factory = bytes
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            raise Unavailable(
                f"the log {path} can't be read: {error}",
                advice="copy it together with its -wal file to a directory that you can write",
            ) from error
        yield connection


def check_schema(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the tables, which are as the page on the format has them.

    Raises:
        ConfigError: it is no log, or one of a newer version.
        LogBroken: its tables, triggers or indexes are others.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise ConfigError(f"{path} is a SQLite database, but no log of Zu")
    if version not in _OBJECTS:
        raise ConfigError(
            f"the log {path} has version {version} of the tables",
            advice="use the version of Zu that wrote it",
        )
    found = {
        bytes(name).decode(): "trigger" if kind == b"trigger" else sql and bytes(sql).decode()
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master")
    }
    if found != _OBJECTS[version]:
        raise LogBroken(Kind.STORE, "its tables, indexes or triggers were changed")
    return int(version)


def _stream(
    connection: sqlite3.Connection,
    version: int,
    checkpoints: tuple[Checkpoint, ...],
    trace: str | None,
    progress: Callable[[int], None],
) -> Checked:
    tiles = 0

    def on_tile(level: int, number: int, root: bytes, below: bytes) -> None:
        nonlocal tiles
        tiles += 1
        stored = connection.execute(_TILE, (level, number)).fetchone()
        if stored != (root, below):
            raise LogBroken(
                Kind.TREE,
                f"tile {number} of level {level} is missing or another",
                position=number * 256 ** (level + 1) + 1,
            )

    chain = ChainCheck(consecutive=trace is None)
    tree = GrowingTree(checkpoints, on_tile if version > 1 else None)
    rows = connection.execute(_ALL) if trace is None else connection.execute(_TRACE, (trace,))
    for batch in _batches(rows):
        hashes = chain.add(batch)
        if trace is None:
            tree.add(hashes)
        progress(chain.count)
    if trace is not None:
        return Checked(entries=chain.count, traces=len(chain.heads), size=None, root=None)
    tree.end()
    if version > 1 and connection.execute("SELECT count(*) FROM tree").fetchone() != (tiles,):
        raise LogBroken(Kind.TREE, "there are more tiles than complete ones")
    return Checked(entries=chain.count, traces=len(chain.heads), size=tree.size, root=tree.root())


def _batches(rows: sqlite3.Cursor) -> Iterator[list[Any]]:
    """Yield rows in groups that end at either bound, so that memory does not grow."""
    batch: list[Any] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row[10]) if isinstance(row[10], bytes) else 0
        if len(batch) == _BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _check_pages(connection: sqlite3.Connection) -> bytes:
    (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    return bytes(answer)


def _join(answer: Future[bytes]) -> None:
    said = answer.result()
    if said != b"ok":
        raise LogBroken(Kind.STORE, f"its pages contradict each other: {said.decode()}")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what SQLite says about the log at `path` as an error of Zu."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise ConfigError(f"{path} is no SQLite database") from error
        if code == sqlite3.SQLITE_CORRUPT:
            raise LogBroken(Kind.STORE, f"a page is damaged: {error}") from error
        raise Unavailable(
            f"the log {path} can't be read: {error}", advice="try again, or check a copy"
        ) from error
