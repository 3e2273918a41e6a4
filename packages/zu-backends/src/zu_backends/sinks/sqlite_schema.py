"""The tables of the SQLite store, version 1, and the errors of SQLite in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zu_core.errors import ConfigError, IntegrityError, Unavailable, ZuError

APPLICATION_ID: Final = 0x7A754C47
"""PRAGMA application_id of a log: "zuLG"."""

SCHEMA_VERSION: Final = 1
"""PRAGMA user_version."""

COLUMNS: Final = (
    "position, trace_id, seq, event_id, parent_id, task_id, type, ts, source, codec, payload,"
    " prev, hash"
)

_OBJECTS: Final = (
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


def is_made(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the database holds a log as `make` leaves it; False for an empty database.

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
        return False
    if application != APPLICATION_ID:
        raise ConfigError(
            f"{path} is a SQLite database, but no log of Zu",
            advice="name another file; a log is made where there is none",
        )
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"the log {path} has version {version} of the tables, this program {SCHEMA_VERSION}",
            advice="use the version of Zu that wrote it",
        )
    if sorted(sql for (sql,) in found) != sorted(_OBJECTS):
        raise IntegrityError(
            f"the tables or triggers of the log {path} were changed",
            advice="use a copy that was kept elsewhere; append to a new log",
        )
    return True


def make(connection: sqlite3.Connection) -> None:
    """Make the tables; within a transaction that holds the write lock."""
    for sql in _OBJECTS:
        connection.execute(sql)
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
