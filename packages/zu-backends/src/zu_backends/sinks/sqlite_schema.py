"""The tables of the SQLite store, version 2 and before, and its errors in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zu_backends.sinks.sqlite_tree import extend
from zu_core.errors import ConfigError, IntegrityError, Unavailable, ZuError

APPLICATION_ID: Final = 0x7A754C47
"""PRAGMA application_id of a log: "zuLG"."""

SCHEMA_VERSION: Final = 2
"""PRAGMA user_version. Version 1 has no tree."""

COLUMNS: Final = (
    "position, trace_id, seq, event_id, parent_id, task_id, type, ts, source, codec, payload,"
    " prev, hash"
)

_EVENTS: Final = (
    "CREATE TABLE events (position INTEGER PRIMARY KEY, trace_id TEXT NOT NULL,"
    " seq INTEGER NOT NULL, event_id TEXT NOT NULL UNIQUE, parent_id TEXT,"
    " task_id TEXT NOT NULL, type TEXT NOT NULL, ts INTEGER NOT NULL, source TEXT NOT NULL,"
    " codec TEXT NOT NULL, payload BLOB NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL,"
    " UNIQUE (trace_id, seq)) STRICT",
    "CREATE TRIGGER events_no_update BEFORE UPDATE ON events"
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    "CREATE TRIGGER events_no_delete BEFORE DELETE ON events"
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    # INSERT OR REPLACE deletes rows without a DELETE trigger (lang_conflict.html).
    "CREATE TRIGGER events_no_replace BEFORE INSERT ON events"
    " WHEN NEW.position <= (SELECT max(position) FROM events)"
    " OR EXISTS (SELECT 1 FROM events WHERE event_id = NEW.event_id)"
    " OR EXISTS (SELECT 1 FROM events WHERE trace_id = NEW.trace_id AND seq = NEW.seq)"
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
)

_TREE: Final = (
    "CREATE TABLE tree (level INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,"
    " below BLOB NOT NULL, PRIMARY KEY (level, number)) STRICT",
    "CREATE TRIGGER tree_no_update BEFORE UPDATE ON tree"
    " BEGIN SELECT RAISE(ABORT, 'the tree is append-only'); END",
    "CREATE TRIGGER tree_no_delete BEFORE DELETE ON tree"
    " BEGIN SELECT RAISE(ABORT, 'the tree is append-only'); END",
    "CREATE TRIGGER tree_no_replace BEFORE INSERT ON tree"
    " WHEN EXISTS (SELECT 1 FROM tree WHERE level = NEW.level AND number >= NEW.number)"
    " BEGIN SELECT RAISE(ABORT, 'the tree is append-only'); END",
)

_VERSIONS: Final = {1: _EVENTS, 2: _EVENTS + _TREE}


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the tables that the database holds; 0 for an empty database.

    Raises:
        ConfigError: it is the database of something else, or of a newer version.
        IntegrityError: its tables or triggers are not those that were made.
    """
    found = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not found and application == 0 and version == 0:
        return 0
    if application != APPLICATION_ID:
        raise ConfigError(
            f"{path} is a SQLite database, but no log of Zu",
            advice="name another file; a log is made where there is none",
        )
    if version not in _VERSIONS:
        raise ConfigError(
            f"the log {path} has version {version} of the tables, this program {SCHEMA_VERSION}",
            advice="use the version of Zu that wrote it",
        )
    if sorted(sql for (sql,) in found) != sorted(_VERSIONS[version]):
        raise IntegrityError(
            f"the tables or triggers of the log {path} were changed",
            advice="use a copy that was kept elsewhere; append to a new log",
        )
    return int(version)


def bring_up(connection: sqlite3.Connection, version: int) -> None:
    """Make the tables, or what they lack; within a transaction that holds the write lock."""
    for sql in _VERSIONS[SCHEMA_VERSION]:
        if sql not in _VERSIONS.get(version, ()):
            connection.execute(sql)
    (size,) = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
    extend(connection, size)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what SQLite says about the file `path` as an error of Zu."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.Error as error:
        known = _translate(path, error)
        if known is None:
            raise
        raise known from error


def _translate(path: Path, error: sqlite3.Error) -> ZuError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte: the primary code
    if code == sqlite3.SQLITE_NOTADB:
        return ConfigError(f"{path} is no SQLite database", advice="name another file")
    if code == sqlite3.SQLITE_TOOBIG:
        return ConfigError(f"an event is too big for the log {path}", advice="split its payload")
    if code == sqlite3.SQLITE_CORRUPT or "Could not decode to UTF-8" in str(error):
        return IntegrityError(
            f"the log {path} is damaged: {error}", advice="use a copy that was kept elsewhere"
        )
    advice = _ADVICE.get(code)
    if advice is None:
        return None
    return Unavailable(f"the log {path} can't be used: {error}", advice=advice)


_ADVICE: Final = {
    sqlite3.SQLITE_BUSY: "end the process that holds it, or wait longer (busy_timeout_ms)",
    sqlite3.SQLITE_LOCKED: "end the process that holds it, or wait longer (busy_timeout_ms)",
    sqlite3.SQLITE_PERM: "choose a place that this user may write",
    sqlite3.SQLITE_READONLY: "choose a place that this user may write",
    sqlite3.SQLITE_CANTOPEN: "make its directory first, writable for this user",
    sqlite3.SQLITE_FULL: "free space on that file system, then append again",
    sqlite3.SQLITE_IOERR: "look at the file system (dmesg names the device)",
    sqlite3.SQLITE_NOMEM: "free memory, then append again",
    sqlite3.SQLITE_PROTOCOL: "try again; many processes opened it at once",
}
