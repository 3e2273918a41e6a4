import asyncio
import contextlib
import sqlite3

import pytest

from zu_backends.sinks.sqlite import SqliteSink
from zu_core.errors import IntegrityError, Unavailable
from zu_core.ports import EventSink
from zu_core.testing import EventSinkSuite, TransparencyLogSuite, make_event


class TestSqliteSink(EventSinkSuite):
    @pytest.fixture(autouse=True)
    def _store(self, tmp_path):
        self.path = tmp_path / "log.db"

    def make_sink(self) -> EventSink:
        return SqliteSink(self.path)


class TestSqliteTree(TransparencyLogSuite):
    @pytest.fixture(autouse=True)
    def _store(self, tmp_path):
        self.path = tmp_path / "log.db"

    def make_log(self):
        return SqliteSink(self.path)


@pytest.fixture
async def path(tmp_path):
    """A log of ten events, of two traces in turns, that no process has open."""
    async with SqliteSink(tmp_path / "log.db") as sink:
        await sink.append_many(
            make_event(n, trace_id="ab"[n % 2], event_id=f"e{n}") for n in range(10)
        )
    return tmp_path / "log.db"


@contextlib.contextmanager
def raw(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def tamper(path, *statements):
    """Run `statements` behind the triggers, which stand again afterwards."""
    with raw(path) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


async def verify(path, trace_id=None):
    async with SqliteSink(path) as sink:
        return await sink.verify(trace_id)


async def test_an_untouched_log_verifies(path):
    tamper(path)
    assert await verify(path) == 10
    assert await verify(path, "a") == 5


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("trace_id", "'b2'"),
        ("seq", "99"),
        ("event_id", "'x'"),
        ("parent_id", "''"),
        ("task_id", "'other'"),
        ("type", "'data.other'"),
        ("ts", "ts + 1"),
        ("source", "'proxy'"),
        ("codec", "'json2'"),
        ("payload", "CAST('{\"number\":99}' AS BLOB)"),
        ("prev", "zeroblob(32)"),
        ("hash", "zeroblob(32)"),
        ("position", "100"),
    ],
)
@pytest.mark.parametrize("row", [5, 10])
async def test_an_edit_of_any_column_is_found(path, column, value, row):
    tamper(path, f"UPDATE events SET {column} = {value} WHERE position = {row}")
    with pytest.raises(IntegrityError, match=rf"position ({row}|6)"):
        await verify(path)


async def test_every_column_is_covered(path):
    with raw(path) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(events)")}
    mark = next(m for m in test_an_edit_of_any_column_is_found.pytestmark if "column" in m.args[0])
    assert columns == {column for column, _ in mark.args[1]}


SWAP = (
    "UPDATE events SET position = -1 WHERE position = 3",
    "UPDATE events SET position = 3 WHERE position = 5",
    "UPDATE events SET position = 5 WHERE position = -1",
)
SWAP_PAYLOADS = (
    "CREATE TABLE kept AS SELECT position AS p, payload AS blob FROM events",
    "UPDATE events SET payload = (SELECT blob FROM kept WHERE p = 8 - position)"
    " WHERE position IN (3, 5)",
    "DROP TABLE kept",
)
COPY = (
    "INSERT INTO events SELECT 11, trace_id, 6, 'copy', parent_id, task_id, type, ts, source,"
    " codec, payload, prev, hash FROM events WHERE position = 9",
)


@pytest.mark.parametrize(
    ("statements", "position"),
    [
        (("DELETE FROM events WHERE position = 4",), 4),
        (("DELETE FROM events WHERE position = 1",), 1),
        (("DELETE FROM events WHERE trace_id = 'a'",), 1),
        (SWAP, 3),
        (SWAP_PAYLOADS, 3),
        (COPY, 11),
    ],
    ids=["delete", "delete first", "delete trace", "swap", "swap payloads", "copy"],
)
async def test_a_change_of_rows_is_found(path, statements, position):
    tamper(path, *statements)
    with pytest.raises(IntegrityError, match=f"position {position},"):
        await verify(path)


async def test_a_truncation_at_the_end_is_not_seen_by_the_chain_alone(path):
    tamper(path, "DELETE FROM events WHERE position > 7")
    assert await verify(path) == 7


async def test_a_field_of_another_type_is_found(path):
    """A BLOB in a TEXT column has the same bytes, and hides from a search."""
    with raw(path) as connection:
        connection.execute("DROP TRIGGER events_no_update")
        sql = "SELECT sql FROM sqlite_master WHERE name = 'events'"
        (strict,) = connection.execute(sql).fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        change = "UPDATE sqlite_master SET sql = ? WHERE name = 'events'"
        connection.execute(change, (strict.removesuffix(" STRICT"),))
    with raw(path) as connection:
        connection.execute("UPDATE events SET source = CAST(source AS BLOB) WHERE position = 5")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(change, (strict,))
        connection.execute(
            "CREATE TRIGGER events_no_update BEFORE UPDATE ON events"
            " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
        )
    with pytest.raises(IntegrityError):
        await verify(path)


async def test_an_index_that_hides_a_row_is_found(path):
    """The index of (trace_id, seq) is exchanged for one that lacks a row of trace a."""
    with raw(path) as connection:
        sql = "CREATE INDEX fewer ON events (trace_id, seq) WHERE position != 5"
        connection.execute(sql)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET rootpage ="
            " (SELECT rootpage FROM sqlite_master WHERE name = 'fewer')"
            " WHERE name = 'sqlite_autoindex_events_2'"
        )
        connection.execute("DELETE FROM sqlite_master WHERE name = 'fewer'")
    async with SqliteSink(path) as sink:
        found = [stored.position async for stored in sink.stream(trace_id="a")]
        assert found == [1, 3, 7, 9], "the row does not hide, so that nothing is shown here"
        with pytest.raises(IntegrityError, match="contradict each other"):
            await sink.verify()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET source = 'x' WHERE position = 3",
        "DELETE FROM events WHERE position = 10",
        "INSERT OR REPLACE INTO events SELECT position, 'x', 1, 'x', parent_id, task_id, type, ts,"
        " source, codec, payload, prev, hash FROM events WHERE position = 3",
        "INSERT OR REPLACE INTO events SELECT 11, 'x', 1, event_id, parent_id, task_id, type, ts,"
        " source, codec, payload, prev, hash FROM events WHERE position = 3",
        "INSERT OR REPLACE INTO events SELECT 11, trace_id, seq, 'x', parent_id, task_id, type, ts,"
        " source, codec, payload, prev, hash FROM events WHERE position = 3",
    ],
)
async def test_triggers_refuse_changes(path, statement):
    with raw(path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert await verify(path) == 10


async def test_a_lock_of_another_process_is_unavailable_after_the_timeout(path):
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        async with SqliteSink(path, busy_timeout_ms=50) as sink:
            with pytest.raises(Unavailable, match="end the process that holds it"):
                await sink.append(make_event(10, trace_id="a"))
            assert await sink.verify() == 10  # readers do not wait for a writer
            other.execute("ROLLBACK")
            assert (await sink.append(make_event(10, trace_id="a"))).position == 11


async def test_the_event_loop_runs_while_an_append_waits(path):
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        async with SqliteSink(path) as sink:
            append = asyncio.ensure_future(sink.append(make_event(10)))
            for _ in range(50):
                await asyncio.sleep(0.001)
            assert not append.done()
            other.execute("ROLLBACK")
            assert (await append).position == 11


async def test_a_commit_is_synced(path):
    async with SqliteSink(path) as sink:
        connection = sink._store._connection
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_an_append_that_fails_half_way_leaves_nothing(path):
    async with SqliteSink(path) as sink:
        sink._store._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 5000)
        batch = [make_event(10), make_event(payload={"text": "x" * 6000})]
        with pytest.raises(Exception, match="too big"):
            await sink.append_many(batch)
        assert await sink.verify() == 10
        assert (await sink.append(batch[0])).position == 11
