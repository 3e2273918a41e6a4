import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_cli.main import build
from zu_core.testing import make_event


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def zu():
    """Runs a command line in this process."""

    def run(*words):
        words = [str(word) for word in words]
        done = CliRunner().invoke(build(words), words)
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


@dataclass
class Log:
    path: Path
    key: Path
    public: Path

    @property
    def checkpoint(self):
        return self.path.with_name(self.path.name + ".checkpoint")

    def append(self, *events):
        async def run():
            sink = SqliteSink if self.path.suffix == ".db" else JsonlSink
            async with sink(self.path) as log:
                for event in events:
                    await log.append(event)

        asyncio.run(run())

    def cut(self, count):
        """Leave only the first `count` events."""
        if self.path.suffix == ".jsonl":
            lines = self.path.read_bytes().splitlines(keepends=True)
            self.path.write_bytes(b"".join(lines[:count]))
            return
        with closing(sqlite3.connect(self.path)) as connection:
            (sql,) = connection.execute(
                "SELECT sql FROM sqlite_master WHERE name = 'events_no_delete'"
            ).fetchone()
            connection.execute("DROP TRIGGER events_no_delete")
            connection.execute("DELETE FROM events WHERE position > ?", (count,))
            connection.execute(sql)
            connection.commit()


@pytest.fixture(params=["log.db", "log.jsonl"])
def log(request, tmp_path, zu):
    """A log of six events of two traces, and a key for it."""
    assert zu("log", "keygen", "example.com/log", "-o", tmp_path / "key").code == 0
    log = Log(tmp_path / request.param, tmp_path / "key", tmp_path / "key.pub")
    log.append(
        *(
            make_event(
                n,
                trace_id="ab"[n % 2],
                event_id=f"e{n}",
                payload={"number": n, "ctx": {"tenant": ["acme", "other"][n // 3], "n": n}},
            )
            for n in range(6)
        )
    )
    return log
