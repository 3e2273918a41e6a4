import json
import shlex

from zu_core.chain import GENESIS, Link
from zu_core.events import StageEnded, TaskStarted, ToolReturned
from zu_core.ports.storage import StoredEvent
from zu_redteam.report import ReportModel, build_report, render_html, render_json
from zu_redteam.report.build import reproduction
from zu_redteam.verdict import ObservedRun, judge
from zu_redteam.verdict.testing import SECRET, RunScript


def test_the_model_holds_what_a_person_needs(failed: ReportModel) -> None:
    assert failed.verdict.label == "FAIL"
    assert failed.verdict.exit_code == 1
    assert failed.target.command == "python3 -m clock"
    assert [stage.outcome for stage in failed.stages] == ["ran"] * 8
    breach = next(one for one in failed.observers if one.name == "effects")
    again = (
        "zu test-plugin --seed 7 --case command-1 --egress api.example.com --mount /srv/clock"
        " -- python3 -m clock"
    )
    assert breach.evidence[0].reproduce == again
    assert failed.again == again.replace(" --case command-1", "")
    assert failed.probes[0].passed
    assert failed.log.events > 50


def test_secrets_of_canaries_are_told_by_the_target_only(passed: ReportModel) -> None:
    assert SECRET not in repr(passed)
    assert passed.canaries[0].path == "~/.aws/credentials"


def test_a_command_is_quoted_for_a_shell() -> None:
    begun = TaskStarted(
        goal="gate",
        argv=("python3", "my server.py", "--x=$(id)"),
        seed=0,
        flags=("--write", "~/a b", "--env", "A=$B"),
    )
    assert shlex.split(reproduction(begun, ["case;1"])) == [
        "zu", "test-plugin", "--seed", "0", "--case", "case;1", *begun.flags, "--", *begun.argv
    ]  # fmt: skip
    assert reproduction(TaskStarted(goal="gate"), ()) == ""


def test_a_run_of_some_cases_says_so_and_is_no_pass() -> None:
    script = RunScript.honest()
    begun = TaskStarted(goal="gate", argv=("clock",), seed=7, cases=("b-c", "a-b"))
    script.replace_first(begun)
    run = script.run()
    report = build_report(run, judge(run))
    assert (report.verdict.label, report.verdict.exit_code) == ("INCONCLUSIVE", 3)
    assert "the cases b-c and a-b alone ran" in report.verdict.reason
    assert report.cases == ("b-c", "a-b")
    assert "the cases b-c, a-b alone ran" in render_html(report)
    assert json.loads(render_json(report))["cases"] == ["b-c", "a-b"]


def test_the_place_in_the_store_is_told() -> None:
    event = RunScript.honest().events[0]
    link = Link("trace", 1, GENESIS, bytes(range(32)))
    run = ObservedRun.of([StoredEvent(position=41, link=link, event=event)])
    log = build_report(run, judge(run)).log
    assert (log.first, log.last, log.head) == (41, 41, bytes(range(32)).hex())


def test_an_empty_record_has_a_report() -> None:
    run = RunScript().run()
    report = build_report(run, judge(run))
    assert report.verdict.label == "INCONCLUSIVE"
    assert report.target.command == ""


def test_huge_answers_are_cut_with_a_note() -> None:
    huge = ToolReturned(tool="now", outcome="result", content="x" * 200_000)
    run = RunScript.honest(harmless=lambda one: one.call(returned=huge)).run()
    report = build_report(run, judge(run))
    longest = max(report.timeline, key=lambda item: len(item.output))
    assert len(longest.output) < 5000
    assert "more characters, see the log" in longest.output


def test_the_number_of_steps_is_bounded() -> None:
    run = RunScript.honest(harmless=lambda one: [one.call() for _ in range(1200)]).run()
    report = build_report(run, judge(run))
    assert len(report.timeline) == 1000
    assert report.hidden_items > 200


def test_a_reason_that_many_stages_share_is_told_once() -> None:
    script = RunScript()
    for stage in ("start", "list", "harmless"):
        script.add(StageEnded(stage=stage, outcome="did-not-run", reason="no box"))
    run = script.run()
    reasons = [stage.reason for stage in build_report(run, judge(run)).stages]
    assert reasons == ["no box", "for the same reason", "for the same reason"]
