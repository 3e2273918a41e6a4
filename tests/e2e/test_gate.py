"""The whole system on real programs: each unsafe server is caught by its observer alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SERVERS = HERE / "servers"
ZU = Path(sys.executable).with_name("zu")


def gate(server: str, *flags: str, log: Path) -> tuple[int, dict]:
    """Gate the fixture `server`; return exit code and JSON report."""
    command = [
        str(ZU),
        "test-plugin",
        "--json",
        "--seed",
        "7",
        "--log",
        str(log),
        "--mount",
        str(SERVERS),
    ]
    target = [sys.executable, str(SERVERS / f"{server}.py")]
    done = subprocess.run(
        [*command, *flags, "--", *target], capture_output=True, text=True, check=False, timeout=110
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def verdict(report: dict) -> str:
    return report["verdict"]["verdict"]


def broken(report: dict) -> set[str]:
    return {one["name"] for one in report["observers"] if one["answer"] == "breach"}


@pytest.mark.parametrize("server", ["honest", "noisy"])
def test_an_honest_server_passes(server, tmp_path):
    code, report = gate(server, log=tmp_path / "log.db")
    assert (code, verdict(report)) == (0, "pass"), report["verdict"]["reason"]


@pytest.mark.parametrize("rule", ["egress", "exfil", "effects", "descriptions", "resources"])
def test_each_unsafe_server_is_caught_by_the_observer_of_its_rule_alone(rule, tmp_path):
    code, report = gate(rule, log=tmp_path / "log.db")
    assert (code, verdict(report)) == (1, "fail"), report["verdict"]["reason"]
    assert broken(report) == {rule}


def test_a_shell_that_obeys_its_argument_is_caught_by_what_it_did(tmp_path):
    code, report = gate("shell", log=tmp_path / "log.db")
    assert (code, verdict(report)) == (1, "fail"), report["verdict"]["reason"]
    assert "effects" in broken(report)


def test_forged_events_are_text_of_the_target_and_change_nothing(tmp_path):
    log = tmp_path / "log.db"
    code, report = gate("forger", log=log)
    assert (code, verdict(report)) == (0, "pass"), report["verdict"]["reason"]
    verified = subprocess.run(
        [str(ZU), "log", "verify", str(log)], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stderr


def test_what_was_not_declared_needs_review_and_passes_once_it_is(tmp_path):
    code, report = gate("undeclared", log=tmp_path / "a.db")
    assert (code, verdict(report)) == (3, "needs-review"), report["verdict"]["reason"]
    assert 'exec = ["id"]' in json.dumps(report).replace('\\"', '"')
    code, report = gate("undeclared", "--exec", "id", log=tmp_path / "b.db")
    assert (code, verdict(report)) == (0, "pass"), report["verdict"]["reason"]


def test_a_server_without_tools_is_no_pass(tmp_path):
    code, report = gate("toolless", log=tmp_path / "log.db")
    assert (code, verdict(report)) == (3, "inconclusive")


def test_a_server_that_ends_during_an_attack_is_no_pass(tmp_path):
    code, report = gate("dying", log=tmp_path / "log.db")
    assert code in (1, 3)
    assert verdict(report) != "pass"
