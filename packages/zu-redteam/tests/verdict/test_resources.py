from typing import Literal

import pytest

from zu_core.contracts import Usage
from zu_core.events import ProgramEnded, ResourceObserved, ToolReturned
from zu_redteam.verdict import Breach, Held, ResourceBreach, Undetermined
from zu_redteam.verdict.testing import RunScript

USAGE = Usage(cpu_seconds=1, peak_memory_bytes=1, peak_processes=1, wall_seconds=1)


def test_a_limit_that_was_reached_is_a_breach() -> None:
    reached = ResourceObserved(resource="processes", used=128, limit=128, action="refused")
    script = RunScript.honest(attack=lambda one: one.add(reached))
    answer = ResourceBreach().judge(script.run())
    assert isinstance(answer, Breach)
    assert answer.evidence[0].seen == "reached the limit processes: 128 of 128; refused"


def test_a_limit_under_a_call_carries_the_case() -> None:
    script = RunScript.honest()
    call = script.call(case="bomb")
    script.add(ResourceObserved(resource="memory_bytes", used=2, limit=1), parent=call)
    answer = ResourceBreach().judge(script.run())
    assert isinstance(answer, Breach)
    assert answer.evidence[0].case == "bomb"


def test_a_program_that_was_killed_for_a_limit_is_a_breach() -> None:
    killed = ProgramEnded(code=137, usage=USAGE, killed_for="wall_seconds")
    script = RunScript.honest(settle=lambda one: one.add(killed))
    assert isinstance(ResourceBreach().judge(script.run()), Breach)


@pytest.mark.parametrize("outcome", ["timeout", "closed"])
def test_an_attack_that_hangs_or_ends_the_target_is_a_breach(
    outcome: Literal["timeout", "closed"],
) -> None:
    gone = ToolReturned(tool="now", outcome=outcome, responsive=False)
    script = RunScript.honest(attack=lambda one: one.call(case="flood", returned=gone))
    answer = ResourceBreach().judge(script.run())
    assert isinstance(answer, Breach)
    assert answer.evidence[0].case == "flood"


@pytest.mark.parametrize("responsive", [True, False])
def test_a_tool_that_takes_long_without_an_attack_leaves_it_open(responsive: bool) -> None:
    slow = ToolReturned(tool="now", outcome="timeout", elapsed_ms=10_004.0, responsive=responsive)
    script = RunScript.honest(
        harmless=lambda one: one.call(returned=slow),
        attack=lambda one: one.call(case="flood", returned=slow),
    )
    answer = ResourceBreach().judge(script.run())
    assert isinstance(answer, Undetermined)
    assert "2 calls of now had no answer within 10 s (--call-timeout" in answer.reason


def test_an_attack_that_takes_long_while_others_are_answered_leaves_it_open() -> None:
    slow = ToolReturned(tool="now", outcome="timeout")
    script = RunScript.honest(attack=lambda one: one.call(case="flood", returned=slow))
    assert isinstance(ResourceBreach().judge(script.run()), Undetermined)


def test_a_request_of_the_protocol_that_hangs_the_target_is_a_breach() -> None:
    gone = ToolReturned(tool="resources/read", outcome="timeout", responsive=False)
    script = RunScript.honest(
        attack=lambda one: one.call("resources/read", case="protocol-x", returned=gone)
    )
    assert isinstance(ResourceBreach().judge(script.run()), Breach)


def test_a_target_that_ends_in_a_harmless_call_leaves_it_open() -> None:
    gone = ToolReturned(tool="now", outcome="closed")
    script = RunScript.honest(harmless=lambda one: one.call(returned=gone))
    assert isinstance(ResourceBreach().judge(script.run()), Undetermined)


def test_errors_of_a_tool_are_answers() -> None:
    error = ToolReturned(tool="now", outcome="tool-error")
    script = RunScript.honest(attack=lambda one: one.call(case="odd", returned=error))
    assert isinstance(ResourceBreach().judge(script.run()), Held)


def test_without_its_monitor_or_the_ends_nothing_is_held() -> None:
    for left_out in ("resources", "settle"):
        answer = ResourceBreach().judge(RunScript.honest(without=(left_out,)).run())
        assert isinstance(answer, Undetermined), left_out
