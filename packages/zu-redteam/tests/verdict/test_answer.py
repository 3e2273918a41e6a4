import pytest

from zu_redteam.verdict.answer import Breach, Evidence, Held, Undetermined, answer_of, gathered


def _evidence(seen: str = "x") -> Evidence:
    return Evidence(tried="t", seen=seen, monitor="m", events=("e",))


def test_a_breach_needs_evidence() -> None:
    with pytest.raises(ValueError, match="without evidence"):
        Breach(evidence=())


def test_a_breach_stays_one_when_a_source_is_missing() -> None:
    answer = answer_of([_evidence()], ["the monitor is gone"], "all well")
    assert isinstance(answer, Breach)


def test_missing_sources_are_never_held() -> None:
    answer = answer_of([], ["a", "b", "a"], "all well")
    assert answer == Undetermined(why=("a", "b"))
    assert answer.reason == "a; b"


def test_held_needs_whole_sources() -> None:
    assert answer_of([], [], "all well") == Held(reason="all well")


def test_the_reason_of_a_breach_is_one_bounded_line() -> None:
    answer = Breach(evidence=(_evidence("y" * 5000), _evidence()))
    assert len(answer.reason) < 200
    assert answer.reason.endswith("(and 1 more)")


def test_what_is_alike_is_told_once_with_all_its_events() -> None:
    items = [
        Evidence(tried="t", seen=f"s{n}", monitor="m", events=("call", f"fact-{n}"))
        for n in range(3)
    ]
    first, other = gathered([("a", items[0]), ("b", items[1]), ("a", items[2])])
    assert (first.seen, first.times, first.events) == ("s0", 2, ("call", "fact-0", "fact-2"))
    assert (other.seen, other.times) == ("s1", 1)
