"""A verifier written from docs/log-format.md alone, on the standard library."""

import base64
import hashlib
import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest

from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_core.codec import Codecs
from zu_core.testing import make_event

FIELDS = ("trace_id", "event_id", "parent_id", "task_id", "type", "source", "codec")


class Broken(Exception):
    pass


def digest(entry: dict[str, Any]) -> bytes:
    data = b"zu-log-entry\0\0\0\0"
    data += (1).to_bytes(4, "big")
    data += entry["seq"].to_bytes(8, "big")
    data += entry["ts"].to_bytes(8, "big", signed=True)
    data += entry["prev"]
    texts = [None if entry[name] is None else entry[name].encode() for name in FIELDS]
    for text in texts:
        data += b"\xff\xff\xff\xff" if text is None else len(text).to_bytes(4, "big")
    data += len(entry["payload"]).to_bytes(8, "big")
    assert len(data) == 104
    for text in texts:
        data += text or b""
    return hashlib.sha256(data + entry["payload"]).digest()


def check(entries: list[dict[str, Any]]) -> int:
    last: dict[str, tuple[int, bytes]] = {}
    for entry in entries:
        if digest(entry) != entry["hash"]:
            raise Broken("hash")
        seq, before = last.get(entry["trace_id"], (0, bytes(32)))
        if entry["seq"] != seq + 1 or entry["prev"] != before:
            raise Broken("order")
        last[entry["trace_id"]] = (entry["seq"], entry["hash"])
    return len(entries)


def quote(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def lines_of(data: bytes) -> list[dict[str, Any]]:
    entries, group = [], []
    for line in data.split(b"\n")[:-1]:
        members = json.loads(line)
        size = members["size"]
        value = line[-1 - size : -1]
        last = "payload" if members["codec"].startswith("json") else "blob"
        names = ["v", "trace_id", "seq", "event_id", "parent_id", "task_id", "type", "ts"]
        names += ["source", "codec", "prev", "hash", "more", "size"]
        head = ",".join(f"{quote(name)}:{quote(members[name])}" for name in names)
        if line != f'{{{head},"{last}":'.encode() + value + b"}" or members["v"] != 1:
            raise Broken("spelling")
        members["payload"] = value if last == "payload" else base64.b64decode(json.loads(value))
        members["prev"] = bytes.fromhex(members["prev"])
        members["hash"] = bytes.fromhex(members["hash"])
        group.append(members)
        if members["more"] == 0:
            if [m["more"] for m in group] != list(range(len(group)))[::-1]:
                raise Broken("group")
            entries += group
            group = []
    return entries


def rows_of(path: Any) -> list[dict[str, Any]]:
    connection = sqlite3.connect(path)
    try:
        connection.row_factory = sqlite3.Row
        assert connection.execute("PRAGMA application_id").fetchone()[0] == 0x7A754C47
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 2
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        rows = [dict(row) for row in connection.execute("SELECT * FROM events ORDER BY position")]
    finally:
        connection.close()
    if [row["position"] for row in rows] != list(range(1, len(rows) + 1)):
        raise Broken("position")
    return rows


class Reversed:
    """A codec whose blobs are no text."""

    tag = "reversed"

    def encode(self, payload, /, *, trace_id, event_id):
        return b"\xff\n" + json.dumps(payload).encode()[::-1]

    def decode(self, blob, /, *, trace_id, event_id):
        return json.loads(blob[:1:-1])


EVENTS = [
    make_event(0),
    make_event(1, parent_id="", source='q"\\\b\f\n\r\t\x00\x1f\x7f\u2028é𝄞'),
    make_event(2, parent_id="p", trace_id="trace/é", ts=datetime(1960, 1, 1, tzinfo=UTC)),
    make_event(payload={"z": 1, "a": {"é": [1.0, -0.0, 2**70, None, True, "\0"]}, "": {}}),
    make_event(4, type="data.consumer.own"),
]


@pytest.fixture(params=[None, Reversed()], ids=["json1", "bytes"])
def codecs(request):
    return Codecs(request.param)


async def fill(sink):
    await sink.append(EVENTS[0])
    await sink.append_many(EVENTS[1:4])
    await sink.append(EVENTS[4])
    found = [stored async for stored in sink.stream()]
    await sink.close()
    return [stored.link.hash for stored in found]


async def test_the_page_describes_json_lines(tmp_path, codecs):
    path = tmp_path / "log.jsonl"
    hashes = await fill(JsonlSink(path, codecs=codecs))
    entries = lines_of(path.read_bytes())
    assert check(entries) == len(EVENTS)
    assert [entry["hash"] for entry in entries] == hashes


async def test_the_page_describes_sqlite(tmp_path, codecs):
    path = tmp_path / "log.db"
    hashes = await fill(SqliteSink(path, codecs=codecs))
    rows = rows_of(path)
    assert check(rows) == len(EVENTS)
    assert [row["hash"] for row in rows] == hashes


async def test_one_event_has_one_hash_in_both_stores(tmp_path):
    one = await fill(JsonlSink(tmp_path / "log.jsonl"))
    assert one == await fill(SqliteSink(tmp_path / "log.db"))


async def test_the_verifier_finds_a_flipped_byte(tmp_path):
    path = tmp_path / "log.jsonl"
    await fill(JsonlSink(path))
    data = path.read_bytes()
    edits = [
        (b'"number":1', b'"number":7'),
        (b'"task"', b'"tusk"'),
        (b'"more":2', b'"more":1'),
    ]
    for old, new in edits:
        with pytest.raises(Broken):
            check(lines_of(data.replace(old, new, 1)))


def test_a_hash_that_was_computed_by_hand():
    """The bytes are spelt out here, so that a change of the format shows."""
    entry = {
        "trace_id": "t", "seq": 1, "event_id": "e", "parent_id": None, "task_id": "k",
        "type": "harness.x", "ts": 0, "source": "s", "codec": "json1", "payload": b"{}",
        "prev": bytes(32),
    }  # fmt: skip
    data = (
        bytes.fromhex(
            "7a752d6c6f672d656e74727900000000"
            "00000001"
            "0000000000000001"
            "0000000000000000" + "00" * 32 + "00000001"
            "00000001"
            "ffffffff"
            "00000001"
            "00000009"
            "00000001"
            "00000005"
            "0000000000000002"
        )
        + b"tekharness.xsjson1{}"
    )
    wanted = "60217e9db056f294a0faadb4d0dd732f5bf12c38329adf17e92c45b567bc9aa0"
    assert digest(entry).hex() == hashlib.sha256(data).hexdigest() == wanted
