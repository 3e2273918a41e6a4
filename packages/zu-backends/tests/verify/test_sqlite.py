import contextlib
import sqlite3

import pytest

from zu_backends.verify.findings import Kind, LogBroken
from zu_backends.verify.log import check_log
from zu_core.errors import ConfigError


def change(path, *statements):
    """Run `statements` behind the triggers, which stand again afterwards."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for name, sql in triggers:
            if not name.startswith("tree") or "DROP TABLE tree" not in statements:
                connection.execute(sql)
        connection.commit()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tree SET hash = zeroblob(32) WHERE number = 1",
        "UPDATE tree SET below = zeroblob(8192) WHERE number = 1",
        "UPDATE tree SET number = 2 WHERE number = 1",
        "DELETE FROM tree WHERE number = 1",
    ],
)
def test_a_changed_tree_is_found(logs, statement):
    path, _ = logs.make("log.db", 600)
    change(path, statement)
    with pytest.raises(LogBroken) as caught:
        check_log(path)
    assert (caught.value.kind, caught.value.position) == (Kind.TREE, 257)


def test_a_tile_too_many_is_found(logs):
    path, _ = logs.make("log.db", 300)
    change(path, "INSERT INTO tree SELECT 5, number, hash, below FROM tree")
    with pytest.raises(LogBroken, match="more tiles"):
        check_log(path)


def test_a_log_of_version_1_is_checked(logs):
    path, heads = logs.make("log.db", 300)
    change(path, "DROP TABLE tree", "PRAGMA user_version = 1")
    assert check_log(path, heads.values()).entries == 300


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER events_no_update",
        "DROP TRIGGER tree_no_delete",
        "CREATE INDEX more ON events (source)",
        "CREATE VIEW more AS SELECT 1",
        "ALTER TABLE events ADD COLUMN more TEXT",
        "CREATE TABLE more (a)",
    ],
)
def test_changed_tables_are_found(logs, statement):
    path, _ = logs.make("log.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
    with pytest.raises(LogBroken, match="were changed"):
        check_log(path)


def test_a_gap_in_the_positions_is_found(logs):
    path, _ = logs.make("log.db")
    change(path, "UPDATE events SET position = position + 1 WHERE position = 10")
    with pytest.raises(LogBroken, match="position 10, gap"):
        check_log(path)


def test_a_blob_in_a_text_column_is_found(logs):
    """It has the same bytes, and hides from a search."""
    path, _ = logs.make("log.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (strict,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'events'"
        ).fetchone()
        (trigger,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'events_no_update'"
        ).fetchone()
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute("PRAGMA writable_schema = ON")
        edit = "UPDATE sqlite_master SET sql = ? WHERE name = 'events'"
        connection.execute(edit, (strict.removesuffix(" STRICT"),))
        connection.commit()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE events SET source = CAST(source AS BLOB) WHERE position = 5")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(edit, (strict,))
        connection.execute(trigger)
        connection.commit()
    with pytest.raises(LogBroken, match="contradict each other"):
        check_log(path)


def test_an_index_that_hides_a_row_is_found(logs):
    path, _ = logs.make("log.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        sql = "CREATE INDEX fewer ON events (trace_id, seq) WHERE position != 5"
        connection.execute(sql)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET rootpage ="
            " (SELECT rootpage FROM sqlite_master WHERE name = 'fewer')"
            " WHERE name = 'sqlite_autoindex_events_2'"
        )
        connection.execute("DELETE FROM sqlite_master WHERE name = 'fewer'")
        connection.commit()
    with pytest.raises(LogBroken) as caught:
        check_log(path)
    assert caught.value.kind is Kind.STORE


def test_a_damaged_page_is_found(logs):
    path, _ = logs.make("log.db", 300)
    data = bytearray(path.read_bytes())
    data[8192:12288] = b"\xa5" * 4096
    path.write_bytes(data)
    with pytest.raises(LogBroken):
        check_log(path)


def test_other_databases_are_refused(tmp_path, logs):
    path, _ = logs.make("log.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(ConfigError, match="version 9"):
        check_log(path)
    with contextlib.closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.execute("CREATE TABLE events (a)")
    with pytest.raises(ConfigError, match="no log of Zu"):
        check_log(tmp_path / "other")


def test_a_write_ahead_log_is_read_too(logs, tmp_path):
    """A copy of the files of a log whose writer has gone without a word."""
    path, _ = logs.make("log.db")
    copy = tmp_path / "copy.db"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    rows = logs.rows(path)
    more = logs.rehash(
        [*rows, [11, "c", 1, "new", None, "k", "t", 1, "s", "json1", b"{}", b"", b""]]
    )
    writer.execute(f"INSERT INTO events VALUES ({','.join('?' * 13)})", more[10])
    writer.commit()
    for end in ("", "-wal"):
        copy.with_name(f"copy.db{end}").write_bytes(path.with_name(f"log.db{end}").read_bytes())
    writer.close()
    assert check_log(copy).entries == 11
