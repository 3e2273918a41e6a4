import asyncio
import base64
import contextlib
import hashlib
import json
import sqlite3

import pytest

from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_core.testing import make_event

SINKS = {"log.db": SqliteSink, "log.jsonl": JsonlSink}


class Logs:
    """Makes logs and changes them behind everything that refuses changes."""

    def __init__(self, folder):
        self.folder = folder

    def make(self, name, count=10, **fields):
        """A log of `count` events, of two traces in turns; and its heads at some sizes."""

        async def run():
            heads = {}
            async with SINKS[name](self.folder / name) as sink:
                for number in range(count):
                    event = make_event(
                        number, trace_id="ab"[number % 2], event_id=f"e{number}", **fields
                    )
                    await sink.append(event)
                    if number + 1 in (1, 5, 6, count):
                        heads[number + 1] = await sink.checkpoint("example.com/log")
            return heads

        return self.folder / name, asyncio.run(run())

    def rows(self, path):
        """The rows of a log of either kind, as lists."""
        if path.suffix == ".db":
            with contextlib.closing(sqlite3.connect(path)) as connection:
                return [
                    list(row)
                    for row in connection.execute("SELECT * FROM events ORDER BY position")
                ]
        return [self._row(n, line) for n, line in enumerate(path.read_bytes().splitlines(), 1)]

    def write(self, path, rows):
        """Exchange all rows of the log at `path`."""
        if path.suffix == ".db":
            with contextlib.closing(sqlite3.connect(path)) as connection:
                triggers = connection.execute(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
                ).fetchall()
                for name, _ in triggers:
                    connection.execute(f"DROP TRIGGER {name}")
                connection.execute("DELETE FROM events")
                marks = ",".join("?" * 13)
                connection.executemany(f"INSERT INTO events VALUES ({marks})", rows)
                for _, sql in triggers:
                    connection.execute(sql)
                connection.commit()
        else:
            path.write_bytes(b"".join(self._line(row) for row in rows))

    def rehash(self, rows):
        """Link all of `rows` anew: a chain without a break."""
        heads = {}
        for position, row in enumerate(rows, 1):
            seq, prev = heads.get(row[1], (0, bytes(32)))
            row[0], row[2], row[11] = position, seq + 1, prev
            row[12] = digest(row)
            heads[row[1]] = row[2], row[12]
        return rows

    def _row(self, position, line):
        members = json.loads(line)
        size = members["size"]
        value = line[-1 - size : -1]
        plain = members["codec"].startswith("json")
        return [
            position,
            *(members[name] for name in NAMES),
            value if plain else base64.b64decode(value),
            bytes.fromhex(members["prev"]),
            bytes.fromhex(members["hash"]),
        ]

    def _line(self, row):
        members = {"v": 1, **dict(zip(NAMES, row[1:10], strict=True))}
        members |= {"prev": row[11].hex(), "hash": row[12].hex(), "more": 0, "size": len(row[10])}
        head = json.dumps(members, ensure_ascii=False, separators=(",", ":"))[:-1]
        return head.encode() + b',"payload":' + row[10] + b"}\n"


NAMES = (
    "trace_id", "seq", "event_id", "parent_id", "task_id", "type", "ts", "source", "codec",
)  # fmt: skip


def digest(row):
    """The hash of a row, from the page on the format."""
    _, trace, seq, event, parent, task, kind, ts, source, codec, payload, prev, _ = row
    texts = [
        t if t is None else t.encode() for t in (trace, event, parent, task, kind, source, codec)
    ]
    data = b"zu-log-entry\0\0\0\0" + (1).to_bytes(4, "big") + seq.to_bytes(8, "big")
    data += ts.to_bytes(8, "big", signed=True) + prev
    for text in texts:
        data += b"\xff" * 4 if text is None else len(text).to_bytes(4, "big")
    data += len(payload).to_bytes(8, "big") + b"".join(text or b"" for text in texts) + payload
    return hashlib.sha256(data).digest()


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


@pytest.fixture(params=SINKS)
def name(request):
    return request.param
