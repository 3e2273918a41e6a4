import contextlib
import sqlite3

import pytest

from zu_backends.sinks.sqlite import SqliteSink
from zu_backends.sinks.sqlite_schema import translated
from zu_core.errors import ConfigError, IntegrityError, Unavailable
from zu_core.testing import make_event


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


async def attempt(path):
    sink = SqliteSink(path)
    try:
        await sink.append(make_event())
        return await sink.verify()
    finally:
        await sink.close()


def run(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    "content", [b"no database at all", b"\0" * 4096, b"SQLite format 4\0" * 99]
)
async def test_another_file_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="no SQLite database"):
        await attempt(path)
    assert path.read_bytes() == content


async def test_the_database_of_something_else_is_refused_and_left_alone(path):
    run(path, "CREATE TABLE events (a)")
    with pytest.raises(ConfigError, match="no log of Zu"):
        await attempt(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("events",)]


async def test_a_newer_version_is_refused(path):
    await attempt(path)
    run(path, "PRAGMA user_version = 3")
    with pytest.raises(ConfigError, match="version 3"):
        await attempt(path)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER events_no_update",
        "DROP TRIGGER events_no_delete",
        "DROP TRIGGER events_no_replace",
        "DROP TRIGGER tree_no_update",
        "DROP TRIGGER tree_no_delete",
        "DROP TRIGGER tree_no_replace",
        "CREATE TRIGGER more AFTER INSERT ON events BEGIN SELECT 1; END",
        "CREATE INDEX more ON events (source)",
        "ALTER TABLE events ADD COLUMN more TEXT",
        "CREATE TABLE more (a)",
    ],
)
async def test_changed_tables_are_an_integrity_error(path, statement):
    await attempt(path)
    run(path, statement)
    with pytest.raises(IntegrityError, match="were changed"):
        await attempt(path)


def make_version_1(path):
    """Undo what version 2 added."""
    run(path, "DROP TABLE tree", "PRAGMA user_version = 1")


@pytest.mark.parametrize("count", [1, 255, 256, 600])
async def test_a_log_of_version_1_gets_its_tree_when_it_is_opened(path, count):
    async with SqliteSink(path) as sink:
        await sink.append_many(make_event(number) for number in range(count))
        root = await sink.root(count)
    make_version_1(path)
    async with SqliteSink(path) as sink:
        assert await sink.verify() == await sink.size() == count
        assert await sink.root(count) == root
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM tree").fetchone() == (count // 256,)


async def test_a_changed_log_of_version_1_is_not_brought_up(path):
    await attempt(path)
    make_version_1(path)
    run(path, "DROP TRIGGER events_no_delete")
    with pytest.raises(IntegrityError, match="were changed"):
        await attempt(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


async def test_tables_that_change_under_an_open_sink_are_found(path):
    async with SqliteSink(path) as sink:
        await sink.append(make_event())
        run(path, "DROP TRIGGER events_no_delete")
        with pytest.raises(IntegrityError, match="were changed"):
            await sink.verify()


async def test_a_damaged_page_is_an_integrity_error(path):
    async with SqliteSink(path) as sink:
        await sink.append_many(make_event(payload={"text": "x" * 1000}) for _ in range(200))
    data = bytearray(path.read_bytes())
    data[8192:12288] = b"\xa5" * 4096
    path.write_bytes(data)
    with pytest.raises(IntegrityError):
        await attempt(path)


async def test_a_directory_is_no_place_for_a_log(tmp_path):
    with pytest.raises(Unavailable, match="unable to open"):
        await attempt(tmp_path)


def test_faults_of_the_program_are_not_translated(path):
    connection = sqlite3.connect(":memory:")
    with contextlib.closing(connection):
        with pytest.raises(sqlite3.ProgrammingError), translated(path):
            connection.execute("SELECT ?", ())
        with pytest.raises(sqlite3.OperationalError, match="syntax"), translated(path):
            connection.execute("SELEC")
