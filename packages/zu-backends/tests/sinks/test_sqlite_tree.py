import contextlib
import sqlite3

import pytest

from zu_backends.sinks.sqlite import SqliteSink
from zu_core.errors import IntegrityError
from zu_core.merkle import leaf_hash
from zu_core.testing import make_event


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


async def fill(path, count):
    async with SqliteSink(path) as sink:
        return await sink.append_many(make_event(number) for number in range(count))


def rows(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM tree ORDER BY level, number").fetchall()


def change(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


async def test_tiles_hold_the_leaves_and_appear_when_they_are_complete(path):
    stored = await fill(path, 255)
    assert rows(path) == []
    async with SqliteSink(path) as sink:
        stored += await sink.append_many(make_event(number) for number in range(255, 700))
        leaves = [leaf_hash(each.link.hash) for each in stored]
        assert [(level, number, below) for level, number, _, below in rows(path)] == [
            (0, 0, b"".join(leaves[:256])),
            (0, 1, b"".join(leaves[256:512])),
        ]
        assert rows(path)[0][2] == await sink.root(256)


async def test_a_tile_of_tiles_is_made(path):
    await fill(path, 65536 + 300)
    tiles = rows(path)
    assert [(level, number) for level, number, *_ in tiles] == [
        *((0, number) for number in range(257)),
        (1, 0),
    ]
    assert tiles[-1][3] == b"".join(hash_ for _, _, hash_, _ in tiles[:256])
    async with SqliteSink(path) as sink:
        assert tiles[-1][2] == await sink.root(65536)


async def test_a_proof_of_a_large_log_reads_few_rows(path):
    await fill(path, 65536 + 300)
    reads = []
    async with SqliteSink(path) as sink:
        await sink.size()
        sink._store._connection.set_trace_callback(reads.append)
        for ask in (sink.inclusion(40000, 65800), sink.consistency(30000, 65800)):
            reads.clear()
            await ask
            assert len([text for text in reads if text.startswith("SELECT")]) <= 12


@pytest.mark.parametrize("statement", ["UPDATE tree SET hash = hash", "DELETE FROM tree"])
async def test_tiles_stay(path, statement):
    await fill(path, 256)
    with (
        contextlib.closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)


async def test_a_tile_is_not_replaced(path):
    await fill(path, 256)
    with (
        contextlib.closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute("INSERT OR REPLACE INTO tree VALUES (0, 0, x'00', x'00')")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tree SET below = x'00' WHERE number = 0",
        "DELETE FROM tree",
    ],
)
async def test_a_damaged_tile_is_no_answer(path, statement):
    await fill(path, 65536)
    change(path, statement)
    async with SqliteSink(path) as sink:
        with pytest.raises(IntegrityError, match="tree of the log is damaged"):
            await sink.inclusion(1, 65536)


async def test_a_lost_tile_is_no_answer_until_the_next_append_makes_it_again(path):
    await fill(path, 300)
    async with SqliteSink(path) as sink:
        root = await sink.root(300)
        change(path, "DELETE FROM tree")
        with pytest.raises(IntegrityError, match="can't be made"):
            await sink.root(300)
        await sink.append(make_event(300))
        assert [(level, number) for level, number, *_ in rows(path)] == [(0, 0)]
        assert await sink.root(300) == root
