"""`zu test-plugin` as a person meets it. What needs a box runs in `test_gate_runs`."""

import subprocess
import sys
from pathlib import Path

import pytest

SERVER = str(Path(__file__).parents[1] / "servers" / "plain.py")


def zu(*words, cwd, **options):
    return subprocess.run(
        [sys.executable, "-m", "zu_cli", "test-plugin", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=cwd,
        **options,
    )


def refused(done):
    """A mistake of the user: exit code 2, a message on stderr, nothing else."""
    return (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)


def test_a_missing_command_is_answered_with_an_example(tmp_path):
    for words in ([], ["--"], ["--json", "--"]):
        done = zu(*words, cwd=tmp_path)
        assert refused(done)
        assert "zu test-plugin -- python server.py" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--egress", "*.com", "--", "env"], "--egress: `*.com` is too broad"),
        (["--exec", "/bin/sh", "--", "env"], "--exec: exec entry '/bin/sh'"),
        (["--write", "relative", "--", "env"], "--write: write entry 'relative'"),
        (["--env", "=TZ", "--", "env"], "--env '=TZ' is no NAME=VALUE"),
        (["--mount", "/", "--", "env"], "--mount / holds more than a server should see"),
        (["--mount", "none", "--", "env"], "--mount none: No such file"),
        (["--workspace", "none", "--", "env"], "--workspace none: No such file"),
        (["--config", "none.toml", "--", "env"], "none.toml can't be read"),
        (["--timeout", "0", "--", "env"], "--timeout"),
        (["--", "no-such-program"], "no-such-program is not a program that can be found"),
        (["--", "./missing.py"], "./missing.py is not a program that can be found"),
        (["--", "uvx", "mcp-server-time"], "`uvx` fetches a tool from a network"),
        (["--", "npx", "-y", "server"], "`npx` fetches a tool from a network"),
        (["--report", "/dev/null/x", "--", "env"], "--report /dev/null/x"),
        (["--log", "/dev/null/x", "--", "env"], "/dev/null/x"),
    ],
)
def test_a_mistake_is_named_before_anything_runs(tmp_path, words, message):
    done = zu(*words, cwd=tmp_path)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert done.returncode in (2, 3)
    assert (done.returncode == 3) is ("--log" in words)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_case_is_answered_with_those_like_it(tmp_path):
    done = zu("--case", "path-dot-dt", "--", "env", cwd=tmp_path)
    assert refused(done)
    assert "path-dot-dot" in done.stderr


def test_the_cases_are_listed(tmp_path):
    done = zu("--list-cases", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) >= 25
    assert all(len(line.split()) > 3 for line in done.stdout.splitlines())


def test_a_mistake_in_the_file_of_this_directory_is_named_with_its_line(tmp_path):
    (tmp_path / "zu.toml").write_text('[envelope]\negres = ["api.example.com"]\n')
    done = zu("--", "env", SERVER, cwd=tmp_path)
    assert refused(done)
    assert "zu.toml:2: unknown key 'egres'" in done.stderr
    assert "write `egress`" in done.stderr


def test_a_missing_home_asks_for_a_log(tmp_path):
    done = zu("--", "/usr/bin/env", cwd=tmp_path, env={"PATH": "/usr/bin:/bin"})
    assert refused(done)
    assert "--log PATH" in done.stderr


def test_the_servers_words_are_its_own(tmp_path):
    """What follows the program is not read as an option, with and without `--`."""
    for words in (["--", "no-such", "--json", "--help"], ["no-such", "--json", "--", "-q"]):
        done = zu(*words, cwd=tmp_path)
        assert refused(done)
        assert "no-such is not a program" in done.stderr
