"""Whole runs of `zu test-plugin` in real boxes, on a server of the standard library."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SERVER = str(Path(__file__).parents[1] / "servers" / "plain.py")
CASE = "command-separator"  # one case keeps the runs short
ESCAPE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def command(tmp_path, *words, mode="honest"):
    flags = ["--log", tmp_path / "log.db", *words]
    target = [os.path.realpath(sys.executable), "-I", SERVER, mode]
    return [sys.executable, "-m", "zu_cli", "test-plugin", *map(str, flags), "--", *target]


def run(tmp_path, *words, mode="honest", **options):
    return subprocess.run(
        command(tmp_path, *words, mode=mode),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=tmp_path,
        **options,
    )


def descendants(pid):
    """Ids of the live processes that `pid` started, and theirs."""
    found, queue = [], [pid]
    while queue:
        parent = queue.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            children = [int(child) for child in task.read_text().split()]
            found += children
            queue += children
    return found


def running(pids):
    """Those of `pids` that are there and no zombies."""
    alive = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            alive.append(pid)
    return alive


def gone(pids, seconds):
    deadline = time.monotonic() + seconds
    while running(pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(pids)


def test_an_honest_server_passes(tmp_path):
    done = run(tmp_path, "--report", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout
    assert f"log: {tmp_path / 'log.db'}" in done.stdout
    assert f"report: {tmp_path / 'out' / 'index.html'}" in done.stdout
    assert "<title>" in (tmp_path / "out" / "index.html").read_text()
    assert re.search(r"^zu: +\d+\.\d s  stage attack$", done.stderr, re.M)
    assert not ESCAPE.search(done.stdout + done.stderr)


def test_json_is_one_document_and_says_what_the_exit_code_says(tmp_path):
    done = run(tmp_path, "--json", "--quiet", "--case", CASE, mode="prober")
    document = json.loads(done.stdout)
    assert document["verdict"]["exit_code"] == done.returncode
    assert done.returncode == 3
    assert document["verdict"]["verdict"] == "inconclusive"  # one case clears nobody
    assert document["cases"] == [CASE]
    assert f"the case {CASE} alone ran" in document["verdict"]["reason"]
    assert "true" in document["proposal"]
    assert "stage" not in done.stderr


def test_what_is_declared_is_no_question(tmp_path):
    (tmp_path / "zu.toml").write_text('[envelope]\nexec = ["true"]\n')
    done = run(tmp_path, "--json", "--case", CASE, mode="prober")
    document = json.loads(done.stdout)
    assert document["envelope"]["declared"]["exec"] == ["true"]
    assert document["envelope"]["origin"] == "zu.toml"
    assert not document["needs"]


def test_a_server_that_does_not_start_is_inconclusive_with_its_stderr(tmp_path):
    done = run(tmp_path, mode="crash")
    assert done.returncode == 3
    assert "INCONCLUSIVE" in done.stdout
    assert "no database" in done.stdout
    assert not ESCAPE.search(done.stdout + done.stderr)


def test_the_log_verifies_and_holds_the_verdict(tmp_path):
    run(tmp_path, "--case", CASE)
    done = subprocess.run(
        [sys.executable, "-m", "zu_cli", "log", "verify", str(tmp_path / "log.db")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert "events are as written" in done.stdout


@pytest.fixture
def silent_run(tmp_path):
    """A run whose server never answers; its temporary files go below `tmp_path`."""
    (tmp_path / "tmp").mkdir()
    child = subprocess.Popen(
        command(tmp_path, mode="silent"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
        start_new_session=True,
    )
    with child:
        try:
            told = []
            for line in child.stderr:
                told.append(line)
                if line.endswith("stage start\n"):
                    break
            else:
                pytest.fail(f"the run ended before the server started: {told}")
            deadline = time.monotonic() + 20
            while not _target_runs(child.pid) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert _target_runs(child.pid)
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def _target_runs(pid):
    for one in descendants(pid):
        try:
            words = Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if SERVER.encode() in words:
            return True
    return False


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_what_was_found_and_leaves_nothing(
    silent_run, tmp_path, signum, code
):
    mounts = Path("/proc/self/mounts").read_text()
    below = descendants(silent_run.pid)
    # A terminal sends Ctrl-C to the whole foreground process group.
    os.killpg(silent_run.pid, signum)
    out, err = silent_run.communicate(timeout=20)
    assert silent_run.returncode == code
    assert "INCONCLUSIVE" in out
    assert "Traceback" not in err
    assert below
    assert gone(below, 1.0)
    assert not list((tmp_path / "tmp").iterdir())
    assert Path("/proc/self/mounts").read_text() == mounts


def test_a_second_signal_ends_the_run_at_once_and_leaves_nothing(silent_run, tmp_path):
    below = descendants(silent_run.pid)
    silent_run.send_signal(signal.SIGINT)
    silent_run.send_signal(signal.SIGTERM)
    silent_run.communicate(timeout=5)
    assert silent_run.returncode in (130, 143)
    assert gone(below, 1.0)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_killed_zu_leaves_nothing(silent_run, tmp_path):
    below = descendants(silent_run.pid)
    silent_run.kill()
    assert below
    assert gone(below, 1.0)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_reader_that_went_away_is_quiet(tmp_path):
    with subprocess.Popen(
        command(tmp_path, "--quiet", "--case", CASE),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as child:
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(60) == 141
