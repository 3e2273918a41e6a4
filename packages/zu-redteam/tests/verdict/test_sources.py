import pytest

from zu_core.events import MonitorReported, StageEnded, StageStarted, ToolInvoked
from zu_redteam.verdict.sources import (
    Source,
    missing_calls,
    missing_declaration,
    missing_monitors,
    missing_stages,
)
from zu_redteam.verdict.testing import RunScript


def test_a_whole_run_lacks_nothing() -> None:
    run = RunScript.honest().run()
    assert missing_monitors(run, Source) == []
    assert missing_stages(run, ("box", "settle")) == []
    assert missing_declaration(run) == []
    assert missing_calls(run) == []


@pytest.mark.parametrize("source", list(Source))
def test_a_monitor_that_is_absent_is_named(source: Source) -> None:
    run = RunScript.honest(without=(source.value,)).run()
    (missing,) = missing_monitors(run, Source)
    assert source.value in missing


@pytest.mark.parametrize("source", list(Source))
def test_a_monitor_that_lost_its_source_is_named_with_the_reason(source: Source) -> None:
    lost = MonitorReported(monitor=source.value, state="lost", facts=1, reason="overrun")
    run = RunScript.honest(settle=lambda one: one.add(lost)).run()
    assert missing_monitors(run, Source) == [f"the monitor {source.value} lost its source: overrun"]


def test_process_monitors_report_for_each_program() -> None:
    script = RunScript.honest(without=("syscalls",))
    script.add(MonitorReported(monitor="syscalls", state="complete", facts=0))
    assert missing_monitors(script.run(), (Source.SYSCALLS,)) == [
        "the monitor syscalls reported 1 of 2 times"
    ]


def test_without_a_box_nothing_was_observed() -> None:
    assert missing_monitors(RunScript().run(), Source) == [
        "no box was started, so nothing was observed"
    ]


def test_stages_that_never_began_never_ended_or_did_not_run_are_told_apart() -> None:
    script = RunScript()
    script.add(StageStarted(stage="list"))
    script.add(StageEnded(stage="relist", outcome="did-not-run", reason="the target went away"))
    assert missing_stages(script.run(), ("start", "list", "relist")) == [
        "the stage start never began",
        "the stage list never ended",
        "the stage relist did not run: the target went away",
    ]


def test_a_call_without_an_answer_is_named() -> None:
    script = RunScript()
    assert missing_calls(script.run()) == ["no tool was called"]
    script.add(ToolInvoked(tool="now", arguments={}))
    assert "has no answer on record" in missing_calls(script.run())[0]


def test_stages_that_share_a_reason_share_a_sentence() -> None:
    script = RunScript()
    for stage in ("start", "list", "harmless"):
        script.add(StageEnded(stage=stage, outcome="did-not-run", reason="no box"))
    assert missing_stages(script.run(), ("start", "list", "harmless")) == [
        "the stages start, list and harmless did not run: no box"
    ]
