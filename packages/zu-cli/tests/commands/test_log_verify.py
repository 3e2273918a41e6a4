import sqlite3
import subprocess
import sys

import pytest

from zu_backends.signing import Ed25519Signer
from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_core.contracts import Event
from zu_core.note.keys import SecretKey
from zu_core.note.signed import Note, parse_note, sign_text

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


def test_checkpoints_show_that_a_log_is_all_of_what_it_was(zu, log):
    assert zu("log", "checkpoint", log.path, "--sign-key", log.key).code == 0
    done = zu("log", "verify", log.path, "--checkpoint", log.checkpoint, "--key", log.public)
    assert (done.code, done.err) == (0, "")
    assert "its 6 events are the first; example.com/log" in done.out
    log.cut(4)
    assert zu("log", "verify", log.path).code == 0
    done = zu("log", "verify", log.path, "--checkpoint", log.checkpoint, "--key", log.public)
    assert done.code == 4
    assert "position 5, truncated" in done.err
    done = zu(
        "log", "verify", log.path, "--checkpoint", log.checkpoint, "--key", log.public, "--json"
    )
    assert done.code == 4
    assert done.json["kind"] == "truncated"
    assert done.json["position"] == 5
    assert done.json["whole"] is False


def test_a_result_for_programs(zu, log):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    words = ("--checkpoint", log.checkpoint, "--key", log.public, "--json")
    done = zu("log", "verify", log.path, *words)
    assert done.json["whole"] is True
    assert (done.json["events"], done.json["traces"], done.json["size"]) == (6, 2, 6)
    assert done.json["checkpoints"][0]["signed"] == [{"key": "example.com/log", "time": None}]


def test_a_checkpoint_without_a_key_is_a_mistake(zu, log):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    done = zu("log", "verify", log.path, "--checkpoint", log.checkpoint)
    assert done.code == 2
    assert "--key FILE" in done.err


def test_a_checkpoint_that_another_signed_is_exit_code_4(zu, log, tmp_path):
    zu("log", "keygen", "example.com/log", "-o", tmp_path / "other")
    zu("log", "checkpoint", log.path, "--sign-key", tmp_path / "other")
    words = ("--checkpoint", log.checkpoint, "--key", log.public)
    assert zu("log", "verify", log.path, *words).code == 4


def test_a_checkpoint_that_was_edited_is_exit_code_4(zu, log):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    log.checkpoint.write_text(log.checkpoint.read_text().replace("\n6\n", "\n5\n"))
    words = ("--checkpoint", log.checkpoint, "--key", log.public)
    assert zu("log", "verify", log.path, *words).code == 4


def test_witnesses_that_are_known_are_asked_for(zu, log, tmp_path):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    zu("log", "keygen", "witness.example", "--witness", "-o", tmp_path / "w")
    words = ("--checkpoint", log.checkpoint, "--key", log.public, "--key", tmp_path / "w.pub")
    assert zu("log", "verify", log.path, *words).code == 4
    assert zu("log", "verify", log.path, *words, "--witnesses", "0").code == 0
    witness = Ed25519Signer(SecretKey.parse((tmp_path / "w").read_text().strip()))
    note = parse_note(log.checkpoint.read_bytes())
    cosigned = sign_text(note.text, [witness], time=1_800_000_000)
    log.checkpoint.write_bytes(Note(note.text, note.signatures + cosigned.signatures).encode())
    done = zu("log", "verify", log.path, *words, "--json")
    assert done.code == 0
    assert done.json["checkpoints"][0]["signed"][1] == {
        "key": "witness.example",
        "time": 1_800_000_000,
    }
