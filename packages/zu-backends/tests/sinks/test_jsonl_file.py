import errno
import logging
import os

import pytest

from zu_backends.sinks.jsonl import JsonlSink
from zu_core.errors import ConfigError, IntegrityError, Unavailable
from zu_core.testing import make_event


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.jsonl"


def asides(path):
    return sorted(path.parent.glob("*.torn-*"))


async def test_an_append_that_was_torn_anywhere_is_moved_aside(path, caplog):
    """The last append has two lines; the file is cut behind each of their bytes."""
    kept = [make_event(n) for n in range(3)]
    async with JsonlSink(path) as sink:
        await sink.append_many(kept)
        start = path.stat().st_size
        await sink.append_many([make_event(3), make_event(4)])
    data = path.read_bytes()
    for cut in range(start, len(data)):
        path.write_bytes(data[:cut])
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            async with JsonlSink(path) as sink:
                stored = await sink.append(make_event(5))
                assert (stored.position, await sink.verify()) == (4, 4)
        torn = asides(path)
        if cut == start:
            assert torn == []
            continue
        assert [aside.read_bytes() for aside in torn] == [data[start:cut]]
        assert torn[0].name == f"log.jsonl.torn-{start}-1"
        assert torn[0].stat().st_mode & 0o777 == 0o600
        assert f"ended in {cut - start} bytes" in caplog.text
        torn[0].unlink()


@pytest.mark.parametrize("verb", ["verify", "stream", "append known"])
async def test_any_call_repairs_a_torn_end(path, verb):
    event = make_event()
    async with JsonlSink(path) as sink:
        await sink.append(event)
    with path.open("ab") as file:
        file.write(b'{"v":1,"trace')
    async with JsonlSink(path) as sink:
        if verb == "verify":
            assert await sink.verify() == 1
        elif verb == "stream":
            assert [stored.event async for stored in sink.stream()] == [event]
        else:
            assert (await sink.append(event)).position == 1
    assert path.read_bytes().endswith(b"}\n")
    assert len(asides(path)) == 1


async def test_blocks_of_zeros_at_the_end_are_torn(path):
    """So ends a file whose size was written before its data (a power cut)."""
    async with JsonlSink(path) as sink:
        await sink.append(make_event())
    with path.open("ab") as file:
        file.write(bytes(4096))
    async with JsonlSink(path) as sink:
        assert await sink.verify() == 1
    assert asides(path)[0].read_bytes() == bytes(4096)


async def test_torn_ends_at_one_place_are_all_kept(path):
    for n in range(3):
        path.write_bytes(b'{"v":1,' + b"x" * n)
        async with JsonlSink(path) as sink:
            assert await sink.verify() == 0
    assert [len(aside.read_bytes()) for aside in asides(path)] == [7, 8, 9]


async def test_something_else_behind_the_log_is_no_torn_line(path):
    async with JsonlSink(path) as sink:
        await sink.append(make_event())
    with path.open("ab") as file:
        file.write(b"a note of somebody")
    before = path.read_bytes()
    async with JsonlSink(path) as sink:
        with pytest.raises(IntegrityError, match="position 2, edited"):
            await sink.append(make_event())
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"hello", b"hello\n", b'{"a":1}\n', b"\n"])
async def test_another_file_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    async with JsonlSink(path) as sink:
        with pytest.raises(ConfigError, match="something else than a log"):
            await sink.append(make_event())
    assert path.read_bytes() == content
    assert asides(path) == []


async def test_a_directory_or_a_device_is_refused(path, tmp_path):
    with pytest.raises(ConfigError, match="is a directory"):
        await JsonlSink(tmp_path).append(make_event())
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="no regular file"):
        await JsonlSink(path).append(make_event())


async def test_a_group_that_lost_a_line_is_found(path):
    async with JsonlSink(path) as sink:
        await sink.append_many(make_event(n, trace_id=str(n)) for n in range(3))
        await sink.append(make_event(3))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], *lines[2:]]))
    async with JsonlSink(path) as sink:
        with pytest.raises(IntegrityError, match="position 2, gap"):
            await sink.verify()


async def test_a_write_that_fails_half_way_leaves_nothing(path, monkeypatch):
    async with JsonlSink(path) as sink:
        await sink.append(make_event(1))
        before, write = path.read_bytes(), os.write

        def full(handle, data):
            if len(data) > 100:
                return write(handle, data[:100])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(Unavailable, match="free space"):
            await sink.append(make_event(2))
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert (await sink.append(make_event(3))).position == 2
        assert await sink.verify() == 2


async def test_after_a_sync_that_failed_the_sink_takes_no_more(path, monkeypatch):
    async with JsonlSink(path) as sink:
        await sink.append(make_event(1))
        before = path.read_bytes()

        def broken(handle):
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "fdatasync", broken)
        with pytest.raises(Unavailable, match="Input/output"):
            await sink.append(make_event(2))
        monkeypatch.undo()
        with pytest.raises(Unavailable, match="open a new sink"):
            await sink.append(make_event(2))
    assert path.read_bytes() == before


async def test_an_append_is_synced_before_it_returns(path, monkeypatch):
    synced, sync = [], os.fdatasync

    def counted(handle):
        synced.append(os.fstat(handle).st_size)
        sync(handle)

    monkeypatch.setattr(os, "fdatasync", counted)
    event = make_event(0)
    async with JsonlSink(path) as sink:
        for n in range(3):
            await sink.append(make_event(n))
            assert synced[-1] == path.stat().st_size
        await sink.append(event)
    synced.clear()
    async with JsonlSink(path) as sink:  # whose first writer may have died before its fsync
        await sink.append(event)
        assert synced == [path.stat().st_size]
