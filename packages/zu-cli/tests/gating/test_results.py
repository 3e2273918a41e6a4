import io
import json
import sys
from pathlib import Path

import pytest

from zu_cli.gating.request import Outputs
from zu_cli.gating.results import Place, deliver
from zu_cli.output import StdoutClosed
from zu_core.contracts import Event
from zu_core.errors import Unavailable
from zu_core.events import TaskStarted, ToolsListed
from zu_redteam.report import build_report
from zu_redteam.verdict import ObservedRun, judge

PLACE = Place(log=Path("/var/log/\x1b[31mrun.db"), seed=5)


@pytest.fixture
def report():
    payloads = (TaskStarted(goal="gate"), ToolsListed(moment="start", tools=(), server="\x1b]0;x"))
    run = ObservedRun.of(
        Event(trace_id="t", task_id="t", type=one.TYPE, source="harness", payload=builtins(one))
        for one in payloads
    )
    return build_report(run, judge(run))


def builtins(payload):
    if isinstance(payload, TaskStarted):
        return {"goal": payload.goal}
    return {"moment": payload.moment, "tools": [], "server": payload.server}


def test_the_table_ends_with_where_things_are(report, capsys, tmp_path):
    deliver(report, Outputs(report=tmp_path), PLACE)
    shown = capsys.readouterr()
    assert "INCONCLUSIVE" in shown.out
    lines = shown.out.splitlines()
    assert lines[-3:] == [
        "log: /var/log/␛[31mrun.db",
        "seed: 5",
        f"report: {tmp_path / 'index.html'}",
    ]
    assert "\x1b" not in shown.out
    assert (tmp_path / "index.html").read_text().startswith("<!")


def test_json_is_alone_on_stdout(report, capsys):
    deliver(report, Outputs(json=True), PLACE)
    shown = capsys.readouterr()
    assert json.loads(shown.out)["target"]["server"] == "\x1b]0;x"
    assert shown.out.isascii()
    assert "\x1b" not in shown.out
    assert "seed: 5" in shown.err


@pytest.mark.parametrize("as_json", [True, False])
def test_a_closed_stdout_is_told_from_other_faults(report, monkeypatch, as_json):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(StdoutClosed):
        deliver(report, Outputs(json=as_json), PLACE)


def test_a_page_that_can_not_be_written_is_told(report, tmp_path):
    (tmp_path / "index.html").mkdir()
    with pytest.raises(Unavailable, match="can't be written: Is a directory"):
        deliver(report, Outputs(report=tmp_path), PLACE)


@pytest.mark.parametrize("columns", ["20", "40", "200"])
def test_narrow_and_wide_terminals(report, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    deliver(report, Outputs(), PLACE)
    assert "INCONCLUSIVE" in capsys.readouterr().out
