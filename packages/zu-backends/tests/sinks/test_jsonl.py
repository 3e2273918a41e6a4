import fcntl
import json

import pytest

from zu_backends.sinks.jsonl import JsonlSink
from zu_core.codec import Codecs
from zu_core.errors import ConfigError, IntegrityError, Unavailable
from zu_core.ports import EventSink
from zu_core.testing import EventSinkSuite, TransparencyLogSuite, make_event


class TestJsonlSink(EventSinkSuite):
    @pytest.fixture(autouse=True)
    def _store(self, tmp_path):
        self.path = tmp_path / "log.jsonl"

    def make_sink(self) -> EventSink:
        return JsonlSink(self.path)


class TestJsonlTree(TransparencyLogSuite):
    @pytest.fixture(autouse=True)
    def _store(self, tmp_path):
        self.path = tmp_path / "log.jsonl"

    def make_log(self):
        return JsonlSink(self.path)


@pytest.fixture
async def path(tmp_path):
    """A log of ten events, of two traces in turns, that no process has open."""
    async with JsonlSink(tmp_path / "log.jsonl") as sink:
        for n in range(10):
            await sink.append(make_event(n, trace_id="ab"[n % 2], event_id=f"e{n}"))
    return tmp_path / "log.jsonl"


async def verify(path, trace_id=None):
    async with JsonlSink(path) as sink:
        return await sink.verify(trace_id)


async def test_a_line_is_one_json_object(path):
    lines = path.read_text().splitlines()
    assert [json.loads(line)["payload"] for line in lines] == [{"number": n} for n in range(10)]


@pytest.mark.parametrize("row", [4, 9])
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("v", 2),
        ("trace_id", "c"),
        ("seq", 9),
        ("event_id", "x"),
        ("parent_id", ""),
        ("task_id", "other"),
        ("type", "data.other"),
        ("ts", 5),
        ("source", "proxy"),
        ("codec", "json2"),
        ("prev", "0" * 63 + "1"),
        ("hash", "f" * 64),
        ("more", -1),
        ("size", 11),
        ("payload", {"number": 7}),
        ("added", 1),
    ],
)
async def test_an_edit_of_any_member_is_found(path, row, member, value):
    lines = path.read_text().splitlines(keepends=True)
    fields = json.loads(lines[row])
    fields[member] = value
    lines[row] = json.dumps(fields, separators=(",", ":")) + "\n"
    path.write_text("".join(lines))
    with pytest.raises(IntegrityError, match=f"position {row + 1},"):
        await verify(path)


async def test_a_change_of_lines_is_found(path):
    lines = path.read_text().splitlines(keepends=True)
    for changed, position in (
        (lines[:3] + lines[4:], 5),
        (lines[1:], 2),
        ([*lines[:2], lines[4], lines[3], lines[2], *lines[5:]], 3),
        (lines[:5] + lines[4:], 6),
        ([*lines, lines[3]], 11),
        ([*lines[:3], "\n", *lines[3:]], 4),
    ):
        path.write_text("".join(changed))
        with pytest.raises(IntegrityError, match=f"position {position},"):
            await verify(path)


async def test_a_truncation_at_the_end_is_not_seen_by_the_chain_alone(path):
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:7]))
    assert await verify(path) == 7


async def test_a_truncation_under_an_open_sink_is_seen(path):
    lines = path.read_text().splitlines(keepends=True)
    async with JsonlSink(path) as sink:
        await sink.verify()
        path.write_text("".join(lines[:7]))
        with pytest.raises(IntegrityError, match="bytes long"):
            await sink.append(make_event())


async def test_an_edit_under_an_open_sink_is_seen(path):
    async with JsonlSink(path) as sink:
        await sink.verify()
        path.write_bytes(path.read_bytes().replace(b'"number":3', b'"number":4'))
        with pytest.raises(IntegrityError, match="position 4, edited"):
            await sink.verify()


async def test_a_rewrite_with_clean_hashes_under_an_open_sink_is_seen(path, tmp_path):
    async with JsonlSink(path) as sink:
        await sink.verify()
        async with JsonlSink(tmp_path / "other") as other:
            for n in range(10):
                await other.append(make_event(n, trace_id="ab"[n % 2], event_id=f"f{n}"))
        path.write_bytes((tmp_path / "other").read_bytes())
        with pytest.raises(IntegrityError, match="has seen, is gone"):
            await sink.verify()


async def test_a_lock_of_another_process_is_unavailable_after_the_timeout(path):
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        async with JsonlSink(path, lock_timeout_ms=20) as sink:
            with pytest.raises(Unavailable, match="locked by another process"):
                await sink.append(make_event())
            fcntl.flock(other, fcntl.LOCK_UN)
            assert (await sink.append(make_event())).position == 11


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_log_that_was_moved_takes_no_more(path, replaced):
    async with JsonlSink(path) as sink:
        await sink.append(make_event(10))
        path.rename(path.with_name("elsewhere"))
        if replaced:
            path.touch()
        with pytest.raises(Unavailable, match="was moved or removed"):
            await sink.append(make_event(11))


class Lines:
    tag = "json-lines"

    def encode(self, payload, /, *, trace_id, event_id):
        return json.dumps(payload, indent=1).encode()

    def decode(self, blob, /, *, trace_id, event_id):
        return json.loads(blob)


async def test_a_codec_that_breaks_the_line_is_refused(path):
    async with JsonlSink(path, codecs=Codecs(Lines())) as sink:
        with pytest.raises(ConfigError, match="several lines"):
            await sink.append(make_event())
        assert await sink.verify() == 10
