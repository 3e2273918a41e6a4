"""What both stores must stand: other processes, death at any moment, a full disk."""

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_core.errors import Unavailable
from zu_core.testing import make_event

CHILD = str(Path(__file__).with_name("child.py"))
SINKS = {"sqlite": SqliteSink, "jsonl": JsonlSink}
PIPE = asyncio.subprocess.PIPE

pytestmark = pytest.mark.parametrize("kind", sorted(SINKS))


async def start(verb, kind, path, *arguments, within=()):
    argv = [*within, sys.executable, CHILD, verb, kind, str(path), *arguments]
    return await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE, stderr=PIPE)


async def test_two_processes_append_to_one_trace(kind, tmp_path):
    path = tmp_path / "log"
    children = [await start("append", kind, path, name, "300") for name in "ab"]
    ends = await asyncio.gather(*(child.communicate(b"go\n") for child in children))
    assert [(child.returncode, end[1]) for child, end in zip(children, ends, strict=True)] == [
        (0, b""),
        (0, b""),
    ]
    acknowledged = [event_id for out, _ in ends for event_id in out.decode().split()]
    assert len(acknowledged) == 1000
    async with SINKS[kind](path) as sink:
        assert await sink.verify() == await sink.verify("trace") == 1000
        found = [stored async for stored in sink.stream()]
        assert [stored.link.seq for stored in found] == list(range(1, 1001))
        assert {stored.event.event_id for stored in found} == set(acknowledged)
        names = [stored.event.payload["append"][0] for stored in found]
        assert names.count("a") == names.count("b") == 500
        assert names != sorted(names), "the processes did not overlap"


async def test_death_at_any_moment_loses_nothing_acknowledged(kind, tmp_path):
    path, acknowledged = tmp_path / "log", set()
    moments = random.Random(2)
    for life in range(20):
        child = await start("append", kind, path, str(life), "100000")
        child.stdin.write(b"go\n")
        for _ in range(moments.randint(0, 30)):
            acknowledged |= set((await child.stdout.readline()).decode().split())
        child.kill()
        rest, complaint = await child.communicate()
        acknowledged |= {i for i in rest.decode().split() if len(i) == 32}
        assert complaint == b""
    async with SINKS[kind](path) as sink:
        found = [stored.event async for stored in sink.stream()]
        assert await sink.verify() == len(found)
    assert acknowledged <= {event.event_id for event in found}
    assert len(acknowledged) > 200
    batches = Counter(event.payload["append"] for event in found)
    sizes = {event.payload["append"]: event.payload["size"] for event in found}
    assert batches == sizes, "an append is stored as a whole or not at all"


async def inside_tmpfs(kind, tmp_path, script):
    """Run `script` as a shell text in mount and user namespaces of its own."""
    place = tmp_path / "small"
    place.mkdir()
    unshare = ("unshare", "-rm", "sh", "-ec", 'D="$1"; shift; ' + script, "sh", str(place))
    try:
        child = await start("append", kind, place / "log", "x", "0", within=unshare)
    except FileNotFoundError:
        pytest.skip("unshare(1) is not installed")
    out, complaint = await child.communicate(b"go\n")
    if b"unshare failed" in complaint or b"mount:" in complaint:
        pytest.skip(f"no user and mount namespace here: {complaint.decode().strip()}")
    assert (child.returncode, complaint) == (0, b"")
    return out.decode().splitlines()


FULL = """
mount -t tmpfs -o size=512k tmpfs "$D"
exec "$1" "$2" fill "$4" "$5"
"""


async def test_a_full_disk_refuses_and_keeps_what_was_acknowledged(kind, tmp_path):
    said, kept, went_on = await inside_tmpfs(kind, tmp_path, FULL)
    assert "free space on that file system" in said
    assert (kept, went_on) == ("True", "True")


READ_ONLY = """
mount -t tmpfs -o size=4m tmpfs "$D"
echo go | "$1" "$2" append "$4" "$5" x 1 >/dev/null
mount -o remount,ro tmpfs "$D"
exec "$1" "$2" refuse "$4" "$5"
"""


async def test_a_read_only_file_refuses(kind, tmp_path):
    (said,) = await inside_tmpfs(kind, tmp_path, READ_ONLY)
    assert "can't be used" in said
    assert "writ" in said


async def test_a_missing_directory_refuses_and_says_what_to_do(kind, tmp_path):
    sink = SINKS[kind](tmp_path / "none" / "log")
    with pytest.raises(Unavailable, match="make its directory first"):
        await sink.append(make_event())
    await sink.close()
    assert not (tmp_path / "none").exists()


async def test_a_log_is_private_to_its_owner(kind, tmp_path):
    async with SINKS[kind](tmp_path / "log") as sink:
        await sink.append(make_event())
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


async def test_nothing_is_made_before_it_is_used(kind, tmp_path):
    sink = SINKS[kind](tmp_path / "log")
    assert list(tmp_path.iterdir()) == []
    await sink.close()


async def test_a_close_waits_for_the_appends_before_it(kind, tmp_path):
    sink = SINKS[kind](tmp_path / "log")
    appends = [asyncio.ensure_future(sink.append(make_event(number))) for number in range(20)]
    await asyncio.sleep(0)
    await sink.close()
    assert [stored.position for stored in await asyncio.gather(*appends)] == list(range(1, 21))


async def test_a_stream_is_read_in_pages(kind, tmp_path):
    async with SINKS[kind](tmp_path / "log") as sink:
        await sink.append_many(make_event(n, trace_id="ab"[n % 2]) for n in range(1500))
        await sink.append_many(make_event(payload={"text": "x" * 700_000}) for _ in range(4))
        whole = sink._store.page(None, sink._store.cursor(0))
        assert len(whole.events) == 512
        large = sink._store.page(None, sink._store.cursor(1500))
        assert len(large.events) == 2
        found = [stored.position async for stored in sink.stream(trace_id="b")]
        assert found == list(range(2, 1501, 2))
