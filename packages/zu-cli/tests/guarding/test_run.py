"""Fidelity: what a command does under `zu guard` is what it does without, and on record."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from zu_core.events import (
    BoxStarted,
    EgressObserved,
    EnvelopeDeclared,
    Executed,
    HostEffectObserved,
    OpenedForWrite,
    ProgramEnded,
    TaskCompleted,
    TaskStarted,
    ToolInvoked,
    ToolReturned,
    ToolsListed,
)

from .conftest import PYTHON, SERVER

ROOT = os.geteuid() == 0


def test_bytes_pass_unchanged_both_ways(guard):
    data = os.urandom(3 << 20) + b"\n\0\xff" + b"x" * 100
    done = guard.run("cat", text=data)
    assert done.stdout == data
    assert (done.returncode, done.stderr) == (0, b"")


def test_stderr_and_the_exit_code_come_through(guard):
    done = guard.run("/bin/sh", "-c", "printf 'out\\377'; printf 'err\\376' >&2; exit 42")
    assert (done.returncode, done.stdout, done.stderr) == (42, b"out\xff", b"err\xfe")


def test_a_command_that_a_signal_kills_gives_128_and_its_number(guard):
    assert guard.run("/bin/sh", "-c", "kill -KILL $$").returncode == 128 + signal.SIGKILL


def test_full_pipes_in_all_directions_are_no_deadlock(guard):
    """The command fills both outputs before it reads a byte of its input."""
    script = (
        "import sys\n"
        "sys.stdout.buffer.write(b'o' * 4000000)\n"
        "sys.stdout.flush()\n"
        "sys.stderr.buffer.write(b'e' * 4000000)\n"
        "print(len(sys.stdin.buffer.read()))\n"
    )
    done = guard.run(PYTHON, "-c", script, text=b"i" * 4_000_000)
    assert len(done.stdout) == 4_000_000 + len("4000000\n")
    assert len(done.stderr) == 4_000_000
    assert done.returncode == 0


def test_an_end_of_input_is_one_while_output_goes_on(guard):
    script = "import sys; n = len(sys.stdin.read()); print('read', n); sys.stdout.close()"
    assert guard.run(PYTHON, "-c", script, text=b"abc").stdout == b"read 3\n"


def test_who_writes_to_a_reader_that_went_away_learns_it(guard):
    with guard.start("/bin/sh", "-c", "trap '' PIPE; read x; echo one || exit 9") as child:
        child.stdout.close()
        child.stdin.write(b"\n" * 2)
        child.stdin.flush()
        # The first write may still be taken by the pipe between.
        assert child.wait(20) in (0, 9)
    with guard.start("yes") as child:
        assert child.stdout.read(4) == b"y\ny\n"
        child.stdout.close()
        assert child.wait(20) == 128 + signal.SIGPIPE


def test_files_are_streams_as_well(guard, tmp_path):
    (tmp_path / "in").write_bytes(b"from a file")
    with (tmp_path / "in").open("rb") as source, (tmp_path / "out").open("wb") as sink:
        done = subprocess.run(
            guard.words("cat"), stdin=source, stdout=sink, check=False, timeout=60
        )
    assert done.returncode == 0
    assert (tmp_path / "out").read_bytes() == b"from a file"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_the_commands(guard, signum):
    script = f"trap 'echo got; exit 5' {signum.name[3:]}; echo up; while :; do read x; done"
    with guard.start("/bin/sh", "-c", script) as child:
        assert child.stdout.readline() == b"up\n"
        child.send_signal(signum)
        assert child.stdout.readline() == b"got\n"
        assert child.wait(20) == 5


def test_a_signal_that_the_command_does_not_catch_ends_both(guard):
    with guard.start("cat") as child:
        child.stdin.write(b"up\n")
        child.stdin.flush()
        assert child.stdout.readline() == b"up\n"
        child.terminate()
        assert child.wait(20) == 128 + signal.SIGTERM
        assert child.stderr.read() == b""


def test_nothing_of_the_users_is_there_unless_it_is_named(guard, tmp_path):
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "file").write_text("content")
    assert guard.run("ls", f"{tmp_path}/seen/").returncode != 0
    # A file that the command line names is part of the command.
    assert guard.run("cat", tmp_path / "seen" / "file").stdout == b"content"


def test_what_is_named_is_there_and_it_starts_where_it_was_started(guard, tmp_path):
    seen = tmp_path / "seen"
    seen.mkdir()
    (seen / "file").write_text("content")
    done = subprocess.run(
        guard.words("/bin/sh", "-c", "pwd; cat file; touch new", flags=["--read", seen]),
        capture_output=True,
        check=False,
        timeout=60,
        cwd=seen,
    )
    assert done.stdout == f"{seen}\ncontent".encode()
    assert b"Read-only" in done.stderr


def test_a_directory_to_write_keeps_what_was_written(guard, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    if ROOT:
        os.chown(place, 12_345, 12_345)
    done = guard.run("/bin/sh", "-c", f"echo new > {place}/new", flags=["--write", place])
    assert done.returncode == 0, done.stderr
    assert (place / "new").read_text() == "new\n"
    assert (place / "new").stat().st_uid == place.stat().st_uid
    ((_, started),) = guard.of(BoxStarted)
    assert started.writable == (str(place),)
    ((_, declared),) = guard.of(EnvelopeDeclared)
    assert declared.envelope.write == (str(place),)
    opened = [one.effect for _, one in guard.of(HostEffectObserved)]
    assert f"{place}/new" in [one.path for one in opened if isinstance(one, OpenedForWrite)]


@pytest.mark.skipif(not ROOT, reason="only root owns what no box may write")
def test_a_directory_of_root_is_refused_before_anything_runs(guard, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    done = guard.run("cat", flags=["--write", place])
    assert done.returncode == 2
    assert b"belongs to root" in done.stderr
    assert b"ordinary user" in done.stderr
    assert place.stat().st_uid == 0


def test_variables_are_those_that_are_named(guard):
    script = 'echo "$ONE $TWO ${THREE-unset}"'
    flags = ["--env", "ONE", "--env", "TWO=2"]
    env = os.environ | {"ONE": "1", "THREE": "3"}
    assert guard.run("/bin/sh", "-c", script, flags=flags, env=env).stdout == b"1 2 unset\n"


def test_a_limit_ends_the_command(guard):
    done = guard.run("sleep", "60", flags=["--wall", "0.5"])
    assert done.returncode == 128 + signal.SIGKILL
    assert done.stderr == b"zu guard: the command was ended: it reached --wall (0.5 s)\n"
    ((_, end),) = guard.of(ProgramEnded)
    assert end.killed_for == "wall_seconds"


def test_memory_and_processes_are_bounded_by_flags(guard):
    script = "x = bytearray(400 << 20); print(len(x))"
    assert guard.run(PYTHON, "-c", script).returncode == 0
    assert guard.run(PYTHON, "-c", script, flags=["--memory", "200M"]).returncode != 0
    forks = "import os\nfor _ in range(40): os.fork() or os._exit(__import__('time').sleep(2) or 0)"
    assert guard.run(PYTHON, "-c", forks).returncode == 0
    assert guard.run(PYTHON, "-c", forks, flags=["--processes", "10"]).returncode != 0


def test_a_refused_host_is_told_once(guard):
    script = (
        "import urllib.request\n"
        "for _ in range(3):\n"
        "    try:\n        urllib.request.urlopen('http://tracker.example/', timeout=5)\n"
        "    except OSError as error:\n        print(error)\n"
    )
    done = guard.run(PYTHON, "-c", script)
    line = b"zu guard: refused egress to tracker.example; allow with --egress tracker.example\n"
    assert done.stderr == line
    assert len([one for _, one in guard.of(EgressObserved) if one.decision == "denied"]) >= 3


def messages(*calls):
    lines = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "x"}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": "l", "method": "tools/list"},
    ]
    lines += [
        {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        for number, params in enumerate(calls, 1)
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


SHOUT = {"name": "shout", "arguments": {"text": "hush"}}
WRONG = {"name": "nobody", "arguments": {"text": "x"}}


def test_calls_are_recorded_and_what_they_do_stands_under_them(guard):
    command = (PYTHON, SERVER, "prober")
    plain = subprocess.run(command, input=messages(SHOUT, WRONG), capture_output=True, check=True)
    done = guard.run(*command, text=messages(SHOUT, WRONG))
    assert done.stdout == plain.stdout
    assert (done.returncode, done.stderr) == (0, b"")
    (first, shouted), (second, other) = guard.of(ToolInvoked)
    assert (shouted.tool, shouted.arguments) == ("shout", {"text": "hush"})
    assert other.tool == "nobody"
    (answer, returned), (_, refused) = guard.of(ToolReturned)
    assert answer.parent_id == first.event_id
    assert returned.outcome == "result"
    assert (returned.content, returned.truncated) == ("", True)
    assert returned.size == len(json.dumps(json.loads(plain.stdout.splitlines()[2])["result"]))
    assert len(returned.digest) == 64
    assert refused.outcome == "protocol-error"
    ((_, listed),) = guard.of(ToolsListed)
    assert [tool.name for tool in listed.tools] == ["shout"]
    programs = [
        one.parent_id
        for one, payload in guard.of(HostEffectObserved)
        if isinstance(payload.effect, Executed)
        and payload.effect.found
        and payload.effect.path.endswith("/true")
    ]
    assert set(programs) == {first.event_id, second.event_id}
    assert len(programs) == 2


def test_content_is_recorded_when_asked_for(guard):
    guard.run(PYTHON, SERVER, text=messages(SHOUT), flags=["--record-content"])
    ((_, returned),) = guard.of(ToolReturned)
    assert "HUSH" in returned.content
    assert not returned.truncated


def test_a_call_without_an_answer_is_recorded_as_such(guard):
    guard.run("cat", text=messages(SHOUT))
    ((_, returned),) = guard.of(ToolReturned)
    assert returned.outcome == "closed"


def test_the_record_begins_with_the_command_and_ends_with_its_code(guard):
    guard.run("/bin/sh", "-c", "exit 4")
    events = guard.events()
    assert events[0].type == TaskStarted.TYPE
    assert events[0].payload["argv"] == ["/bin/sh", "-c", "exit 4"]
    assert events[-1].type == TaskCompleted.TYPE
    assert events[-1].payload["output"] == {"code": 4}


def test_a_log_that_cannot_be_written_stops_the_start(guard, tmp_path):
    guard.log = tmp_path / "no" / "such" / "directory" / "log.db"
    done = guard.run("/bin/echo", "ran")
    assert done.returncode in (2, 3)
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_the_default_log_is_below_the_state_directory(guard, tmp_path):
    words = [sys.executable, "-m", "zu_cli", "guard", "--", "true"]
    env = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    subprocess.run(words, env=env, check=True, timeout=60)
    (log,) = (tmp_path / "zu" / "guard").glob("*.db")
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], b"missing"),
        (["no-such-program"], b"no-such-program"),
        (["npx", "server"], b"npx"),
    ],
)
def test_a_command_that_cannot_run_is_a_usage_error(guard, words, told):
    done = guard.run(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == b""


def test_many_calls_at_once_come_back_whole(guard):
    """Both sides talk without waiting for each other."""
    count = 2000
    calls = messages(*[SHOUT] * count)
    with guard.start(PYTHON, SERVER) as child:
        writer = threading.Thread(target=lambda: (child.stdin.write(calls), child.stdin.close()))
        writer.start()
        lines = child.stdout.read().splitlines()
        writer.join()
        assert child.wait(60) == 0
    assert len(lines) == count + 2
    assert len(guard.of(ToolInvoked)) == len(guard.of(ToolReturned)) == count


def test_a_killed_guard_leaves_nothing(guard):
    with guard.start("/bin/sh", "-c", "echo up; sleep 300") as child:
        assert child.stdout.readline() == b"up\n"
        below = _descendants(child.pid)
        child.kill()
    assert below
    for pid in below:
        for _ in range(200):
            if not Path(f"/proc/{pid}/cmdline").exists() or not _alive(pid):
                break
            threading.Event().wait(0.01)
        assert not _alive(pid)


def _descendants(pid):
    found, queue = [], [pid]
    while queue:
        for task in Path(f"/proc/{queue.pop()}/task").glob("*/children"):
            children = [int(child) for child in task.read_text().split()]
            found += children
            queue += children
    return found


def _alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
