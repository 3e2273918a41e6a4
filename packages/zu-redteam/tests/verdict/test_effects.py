import pytest

from zu_core.contracts import Envelope
from zu_core.events import (
    CanaryTouched,
    Connected,
    Effect,
    Executed,
    Expectation,
    FileChanged,
    OpenedForWrite,
    ToolReturned,
)
from zu_redteam.verdict import Breach, Held, HostEffectBreach, Undetermined
from zu_redteam.verdict.testing import RunScript

TOUCH = Executed(path="/usr/bin/touch", argv=("touch", "/tmp/zuM1"), pid=9)
WORKED = Expectation(kind="exec", contains="/tmp/zuM1")
BASHRC = OpenedForWrite(path="/home/tool/.bashrc", pid=9)


def judged(script: RunScript) -> object:
    return HostEffectBreach().judge(script.run())


def attack(one: RunScript, *effects: Effect, marker: str = "zuM1") -> str:
    return one.call(case="command-1", marker=marker, expects=[WORKED], effects=effects)


def test_an_attack_that_worked_is_a_breach() -> None:
    answer = judged(RunScript.honest(attack=lambda one: attack(one, TOUCH)))
    assert isinstance(answer, Breach)
    (item,) = answer.evidence
    assert (item.case, item.tool, item.severity) == ("command-1", "now", "critical")


def test_an_effect_that_comes_late_is_known_by_its_marker() -> None:
    script = RunScript.honest(
        attack=lambda one: [attack(one), one.call(effects=[TOUCH])],
    )
    answer = judged(script)
    assert isinstance(answer, Breach)
    assert answer.evidence[0].case == "command-1"


def test_an_effect_without_the_marker_counts_under_its_own_call_only() -> None:
    script = RunScript.honest(
        attack=lambda one: [attack(one, marker=""), one.call(effects=[TOUCH])]
    )
    assert isinstance(judged(script), Held)


def test_an_effect_before_the_attack_is_not_its_effect() -> None:
    script = RunScript.honest(harmless=lambda one: one.call(effects=[TOUCH]), attack=attack)
    assert isinstance(judged(script), Held)


def test_an_answer_that_holds_what_only_evaluation_gives_is_a_breach() -> None:
    product = ToolReturned(tool="now", outcome="result", content='{"text":"1847263745"}')
    expects = [Expectation(kind="result", contains="1847263745")]
    script = RunScript.honest(
        attack=lambda one: one.call(case="template", expects=expects, returned=product)
    )
    assert isinstance(judged(script), Breach)


def test_expectations_of_harmless_calls_mean_nothing() -> None:
    script = RunScript.honest(
        harmless=lambda one: one.call(expects=[WORKED], effects=[TOUCH], marker="zuM1")
    )
    assert isinstance(judged(script), Held)


@pytest.mark.parametrize(
    "effect",
    [
        BASHRC,
        FileChanged(path="/home/tool/.ssh/authorized_keys", change="created"),
        FileChanged(path="/workspace/.git/hooks/pre-commit", change="created", type="symlink"),
        CanaryTouched(name="aws", path="/home/tool/.aws/credentials", access="removed"),
        Connected(family="unix", address="/var/run/docker.sock", pid=9),
    ],
)
def test_what_stays_behind_is_a_breach_at_any_time(effect: Effect) -> None:
    at_start = RunScript.honest(start=lambda one: one.fact(effect))
    assert isinstance(judged(at_start), Breach)
    in_call = RunScript.honest(harmless=lambda one: one.call(effects=[effect]))
    assert isinstance(judged(in_call), Breach)


@pytest.mark.parametrize(
    "effect",
    [
        FileChanged(path="/workspace/out.txt", change="created"),
        FileChanged(path="/home/tool/.bashrc", change="deleted"),
        FileChanged(path="/home/tool/.config/fish", change="created", type="directory"),
        FileChanged(path="/tmp/site-packages/x.pth", change="created"),
        CanaryTouched(name="aws", path="/home/tool/.aws/credentials", access="read"),
        Connected(family="unix", address="/var/run/nscd/socket", pid=9),
    ],
)
def test_other_effects_are_left_alone(effect: Effect) -> None:
    script = RunScript.honest(harmless=lambda one: one.call(effects=[effect]))
    assert isinstance(judged(script), Held)


def test_a_declared_place_is_declared() -> None:
    script = RunScript.honest(
        envelope=Envelope(write=("~/.bashrc",)),
        harmless=lambda one: one.call(effects=[BASHRC]),
    )
    assert isinstance(judged(script), Held)


def test_one_fact_is_one_piece_of_evidence() -> None:
    both = [WORKED, Expectation(kind="exec", contains="touch /tmp/zuM1")]
    script = RunScript.honest(
        attack=lambda one: one.call(case="c", marker="zuM1", expects=both, effects=[TOUCH])
    )
    answer = judged(script)
    assert isinstance(answer, Breach)
    assert len(answer.evidence) == 1


@pytest.mark.parametrize("gone", ["attack", "syscalls", "files", "canaries", "egress"])
def test_without_a_source_nothing_is_held(gone: str) -> None:
    assert isinstance(judged(RunScript.honest(without=(gone,))), Undetermined)
