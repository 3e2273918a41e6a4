from collections.abc import Callable

import msgspec
import pytest

from zu_core.contracts import Envelope
from zu_core.errors import ExitCode
from zu_core.events import (
    BoxProbed,
    EgressObserved,
    Executed,
    Expectation,
    MonitorReported,
    OpenedForWrite,
    ProbeCheck,
    ProgramStarted,
    ResourceObserved,
    StageEnded,
    ToolReturned,
    ToolsListed,
)
from zu_redteam.verdict import Verdict, default_observers, judge
from zu_redteam.verdict.judge import STAGES
from zu_redteam.verdict.sources import Source
from zu_redteam.verdict.testing import ARGV, SECRET, RunScript

GIT = Executed(path="/usr/bin/git", argv=("git",), pid=9)


def leaked() -> ToolReturned:
    return ToolReturned(tool="now", outcome="result", content=SECRET)


# For each observer a run that breaks its rule and no other one.
UNSAFE: dict[str, Callable[[], RunScript]] = {
    "egress": lambda: RunScript.honest(
        harmless=lambda one: one.call(
            effects=[EgressObserved(channel="dns", decision="denied", rule="r", host="evil.test")]
        )
    ),
    "exfil": lambda: RunScript.honest(harmless=lambda one: one.call(returned=leaked())),
    "effects": lambda: RunScript.honest(
        envelope=Envelope(exec=("touch",)),
        attack=lambda one: one.call(
            case="command-1",
            marker="zuM1",
            expects=[Expectation(kind="exec", contains="zuM1")],
            effects=[Executed(path="/bin/touch", argv=("touch", "zuM1"), pid=9)],
        ),
    ),
    "descriptions": lambda: RunScript.honest(
        relist=lambda one: one.add(ToolsListed(moment="after-calls", tools=()))
    ),
    "resources": lambda: RunScript.honest(
        attack=lambda one: one.add(ResourceObserved(resource="processes", used=9, limit=9))
    ),
    "provenance": lambda: RunScript.honest(
        harmless=lambda one: one.add_raw("harness.note", {}, source="target")
    ),
}


def test_an_honest_run_passes() -> None:
    verdict = judge(RunScript.honest().run())
    assert verdict.verdict is Verdict.PASS
    assert verdict.exit_code is ExitCode.HELD
    assert verdict.passed


def test_there_is_an_unsafe_run_for_each_observer() -> None:
    assert [observer.name for observer in default_observers()] == list(UNSAFE)


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_run_fails_by_its_observer_alone(name: str) -> None:
    verdict = judge(UNSAFE[name]().run())
    assert verdict.verdict is Verdict.FAIL
    assert verdict.exit_code is ExitCode.BREACH
    assert [result.name for result in verdict.answers if result.word == "breach"] == [name]


@pytest.mark.parametrize("removed", UNSAFE)
def test_without_an_observer_exactly_its_unsafe_run_slips_through(removed: str) -> None:
    rest = [observer for observer in default_observers() if observer.name != removed]
    for name, unsafe in UNSAFE.items():
        expected = Verdict.PASS if name == removed else Verdict.FAIL
        assert judge(unsafe().run(), rest).verdict is expected, name


def test_without_observers_nothing_passes() -> None:
    assert judge(RunScript.honest().run(), ()).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("left_out", [*STAGES, *Source, "probe"])
def test_a_run_that_lacks_anything_does_not_pass(left_out: str) -> None:
    verdict = judge(RunScript.honest(without=(str(left_out),)).run())
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert verdict.exit_code is ExitCode.INCONCLUSIVE
    assert verdict.missing


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_did_not_run_does_not_pass(stage: str) -> None:
    failed = StageEnded(stage=stage, outcome="did-not-run", reason="the target went away")
    script = RunScript.honest()
    script.events.pop()
    script.add(failed)
    assert judge(script.run()).verdict is Verdict.INCONCLUSIVE


def test_any_monitor_that_lost_its_source_leaves_it_open() -> None:
    lost = MonitorReported(monitor="of-another-make", state="lost", facts=0, reason="overrun")
    verdict = judge(RunScript.honest(settle=lambda one: one.add(lost)).run())
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert "of-another-make" in verdict.missing[0]


@pytest.mark.parametrize(
    "check",
    [
        ProbeCheck(name="p", mechanism="m", outcome="escaped"),
        ProbeCheck(name="p", mechanism="m", outcome="not-run"),
        ProbeCheck(name="p", mechanism="m", outcome="held", unseen=("syscalls",)),
    ],
)
def test_a_probe_that_did_not_pass_leaves_it_open(check: ProbeCheck) -> None:
    verdict = judge(RunScript.honest(box=lambda one: one.add(BoxProbed(checks=(check,)))).run())
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert "self-probe" in verdict.reason


def test_every_start_needs_a_probe_of_its_own() -> None:
    started = ProgramStarted(argv=ARGV, cwd="/workspace")
    verdict = judge(RunScript.honest(relist=lambda one: one.add(started)).run())
    assert "a program was started in a box that was not probed" in verdict.missing


def test_a_probe_without_checks_proves_nothing() -> None:
    def empty(one: RunScript) -> None:
        one.add(BoxProbed(checks=()))
        one.add(ProgramStarted(argv=ARGV, cwd="/workspace"))

    verdict = judge(RunScript.honest(relist=empty).run())
    assert "a program was started in a box that was not probed" in verdict.missing


def test_a_target_without_tools_does_not_pass() -> None:
    script = RunScript.honest(without=("list", "relist", "restart", "harmless", "attack"))
    verdict = judge(script.run())
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert verdict.missing == ("the stages list, harmless, attack, relist and restart never began",)


def test_an_empty_record_does_not_pass() -> None:
    assert judge(RunScript().run()).verdict is Verdict.INCONCLUSIVE


def test_undeclared_behaviour_needs_review() -> None:
    verdict = judge(RunScript.honest(harmless=lambda one: one.call(effects=[GIT])).run())
    assert verdict.verdict is Verdict.NEEDS_REVIEW
    assert verdict.exit_code is ExitCode.INCONCLUSIVE
    assert verdict.proposal == '[envelope]\nexec = ["git"]\n'
    assert "git" in verdict.reason


def test_what_is_missing_outweighs_needs_and_a_breach_outweighs_both() -> None:
    open_ = RunScript.honest(without=("files",), harmless=lambda one: one.call(effects=[GIT]))
    assert judge(open_.run()).verdict is Verdict.INCONCLUSIVE
    broken = RunScript.honest(
        without=("files",), harmless=lambda one: one.call(effects=[GIT], returned=leaked())
    )
    assert judge(broken.run()).verdict is Verdict.FAIL


def test_the_reason_tells_the_gravest_breach() -> None:
    bashrc = OpenedForWrite(path="/home/tool/.bashrc", pid=9)
    script = UNSAFE["egress"]()
    script.events.pop()
    script.fact(bashrc)
    assert ".bashrc" in judge(script.run()).reason


def test_the_verdict_is_an_event_of_the_record() -> None:
    payload = judge(UNSAFE["exfil"]().run()).payload()
    assert payload.verdict == "fail"
    by_name = {answer.observer: answer for answer in payload.answers}
    assert by_name["exfil"].answer == "breach"
    assert len(by_name["exfil"].evidence) == 2
    assert by_name["egress"].evidence == ()
    assert msgspec.convert(msgspec.to_builtins(payload), type(payload)) == payload


def test_the_same_record_gives_the_same_verdict() -> None:
    first = judge(UNSAFE["effects"]().run())
    second = judge(UNSAFE["effects"]().run())
    assert msgspec.json.encode(first) == msgspec.json.encode(second)
