import asyncio
import contextlib
import sqlite3

import pytest

from zu_backends.reading import entry_of, reading
from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_core.codec import Codecs
from zu_core.entries import event_of
from zu_core.errors import ConfigError, IntegrityError
from zu_core.testing import make_event

SINKS = {"log.db": SqliteSink, "log.jsonl": JsonlSink}


@pytest.fixture(params=SINKS)
def path(request, tmp_path):
    return tmp_path / request.param


def append(path, events):
    async def run():
        async with SINKS[path.name](path) as sink:
            await sink.append_many(events)
            return await sink.checkpoint("log")

    return asyncio.run(run())


EVENTS = [make_event(n, trace_id="ab"[n % 2], event_id=f"é{n}") for n in range(700)]


def test_events_come_back_as_they_were(path):
    head = append(path, EVENTS)
    with reading(path) as reader:
        rows = list(reader.rows())
        assert [row[0] for row in rows] == list(range(1, 701))
        assert [event_of(entry_of(row), Codecs()) for row in rows] == EVENTS
        assert entry_of(reader.find("é500")).payload == b'{"number":500}'
        assert reader.tree.root(700) == head.root
        with pytest.raises(ConfigError, match="no event"):
            reader.find("none")


def test_a_trace_comes_in_order_and_more_when_there_is_more(path):
    append(path, EVENTS[:600])
    with reading(path) as reader:
        assert [row[0] for row in reader.rows("b")] == list(range(2, 601, 2))
        assert list(reader.rows("b")) == []
        append(path, EVENTS[600:])
        assert [row[0] for row in reader.rows("b")] == list(range(602, 701, 2))
        assert reader.tree.size == 700


def test_a_log_without_a_tree_has_one_for_readers(tmp_path):
    head = append(tmp_path / "log.db", EVENTS)
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("DROP TABLE tree")
        connection.execute("PRAGMA user_version = 1")
    with reading(tmp_path / "log.db") as reader:
        assert reader.tree.root(700) == head.root
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_changed_tables_are_not_read(tmp_path):
    append(tmp_path / "log.db", EVENTS[:1])
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("DROP TRIGGER events_no_update")
    with pytest.raises(IntegrityError), reading(tmp_path / "log.db"):
        pass
