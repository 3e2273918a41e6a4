import sqlite3
import subprocess
import sys

import pytest

from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_core.contracts import Event

SINKS = {"log.db": SqliteSink, "log.jsonl": JsonlSink}


def verify(*words):
    return subprocess.run(
        [sys.executable, "-m", "zu_cli", "log", "verify", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def write_log(path, texts=("one", "two", "three")):
    sink = SINKS[path.name](path)
    for text in texts:
        await sink.append(
            Event(trace_id="t", task_id="k", type="data.x", source="s", payload={"text": text})
        )
    await sink.close()
    return path


@pytest.mark.parametrize("name", SINKS)
async def test_a_log_that_is_whole_is_counted(tmp_path, name):
    path = await write_log(tmp_path / name)
    done = verify(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{path}: 3 events are as written\n"


async def test_an_edited_sqlite_log_is_exit_code_4(tmp_path):
    path = await write_log(tmp_path / "log.db")
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute("UPDATE events SET source = 'x' WHERE position = 2")
    connection.close()
    assert verify(path).returncode == 4


async def test_an_edited_jsonl_log_is_exit_code_4(tmp_path):
    path = await write_log(tmp_path / "log.jsonl")
    text = path.read_text()
    assert text.count("two") == 1
    path.write_text(text.replace("two", "TWO"))
    done = verify(path)
    assert done.returncode == 4
    assert done.stdout == ""


async def test_a_trace_that_is_not_there_is_no_success(tmp_path):
    path = await write_log(tmp_path / "log.db")
    assert verify("--trace", "t", path).returncode == 0
    done = verify("--trace", "u", path)
    assert done.returncode == 2
    assert "no event of trace 'u'" in done.stderr


@pytest.mark.parametrize("content", [None, b"", b"text", b"\0" * 4096])
def test_what_is_no_log_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    done = verify(path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert path.exists() is (content is not None)
    assert content is None or path.read_bytes() == content
    assert len(list(tmp_path.iterdir())) == (content is not None)
