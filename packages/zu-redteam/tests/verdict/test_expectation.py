from typing import Literal

import pytest

from zu_core.events import (
    CanaryTouched,
    Connected,
    Effect,
    EgressObserved,
    Executed,
    Expectation,
    FileChanged,
    OpenedForWrite,
    ToolReturned,
)
from zu_redteam.verdict.expectation import in_answer, matches, text_of
from zu_redteam.verdict.observed import Fact

Kind = Literal["exec", "egress", "file", "result"]


def fact(effect: EgressObserved | Effect) -> Fact:
    return Fact(0, "e", "monitor.test", "attack", effect, None, "attack")


def egress(**fields: object) -> EgressObserved:
    known: dict[str, object] = {"channel": "tcp", "decision": "denied", "rule": "r"}
    return EgressObserved(**(known | fields))  # type: ignore[arg-type]


def touch(*argv: str) -> Executed:
    return Executed(path="/usr/bin/touch", argv=("touch", *argv), pid=1)


@pytest.mark.parametrize(
    ("kind", "contains", "effect"),
    [
        ("exec", "/tmp/zuM1", touch("/tmp/zuM1")),
        ("exec", "touch /tmp/zuM1", touch("/tmp/zuM1")),
        ("exec", "/usr/bin/tou", touch()),
        ("egress", "zum1.example", egress(channel="dns", host="zuM1.example.com")),
        ("egress", "10.0.0.1:80", egress(address="10.0.0.1", port=80)),
        ("egress", "zuM1", egress(address="10.0.0.1", sample=b"GET /%7auM1")),
        ("egress", "10.0.0.1", Connected(family="inet", address="10.0.0.1:80", pid=1)),
        ("file", "/tmp/zuM1", FileChanged(path="/tmp/zuM1", change="created")),
        ("file", "zuM1", FileChanged(path="/tmp/x", change="changed", sample=b"is zuM1\n")),
        ("file", "/tmp/zuM1", OpenedForWrite(path="../tmp/zuM1", pid=1)),
    ],
)
def test_a_fact_of_the_kind_that_holds_the_text_matches(
    kind: Kind, contains: str, effect: EgressObserved | Effect
) -> None:
    assert matches(Expectation(kind=kind, contains=contains), fact(effect))


@pytest.mark.parametrize(
    ("kind", "contains", "effect"),
    [
        ("exec", "/tmp/zuM1", touch("/tmp/zuM1")),
        ("egress", "169.254.169.254", egress(address="169.254.169.254", port=80)),
        ("egress", "169.254.169.254", egress(address="::ffff:169.254.169.254", port=80)),
        ("egress", "zum1.example.com", egress(channel="dns", host="ZUM1.example.com.")),
        ("egress", "::1", Connected(family="inet6", address="[::1]:8080", pid=1)),
        ("file", "/tmp/zuM1", FileChanged(path="/tmp/zuM1", change="created")),
    ],
)
def test_the_whole_of_a_name_matches(
    kind: Kind, contains: str, effect: EgressObserved | Effect
) -> None:
    assert matches(Expectation(kind=kind, contains=contains, whole=True), fact(effect))


@pytest.mark.parametrize(
    ("kind", "contains", "effect"),
    [
        ("exec", "/tmp/zuM1", touch("text that quotes /tmp/zuM1")),
        ("egress", "127.0.0.1", egress(channel="dns", host="x-127.0.0.1.example.com")),
        ("egress", "127.0.0.1", egress(channel="http", host="a.test", detail="GET /127.0.0.1")),
        ("egress", "127.0.0.1", Connected(family="inet", address="127.0.0.1:3128", pid=1)),
        ("egress", "127.0.0.1", Connected(family="inet", address="127.0.0.1:53", pid=1)),
        ("file", "/tmp/zuM1", FileChanged(path="/tmp/x", change="created", sample=b"/tmp/zuM1")),
        ("file", "/tmp/zuM1", CanaryTouched(name="n", path="/tmp/zuM1", access="read")),
    ],
)
def test_text_that_only_quotes_it_is_not_the_whole(
    kind: Kind, contains: str, effect: EgressObserved | Effect
) -> None:
    assert not matches(Expectation(kind=kind, contains=contains, whole=True), fact(effect))


def test_a_fact_of_another_kind_never_matches() -> None:
    for kind in ("egress", "file", "result"):
        expected = Expectation(kind=kind, contains="touch")  # type: ignore[arg-type]
        assert not matches(expected, fact(touch()))


def test_an_answer_is_searched_through_its_escapes() -> None:
    answer = ToolReturned(tool="t", outcome="result", content='{"text":"root:x\\n\\"7\\""}')
    assert in_answer(Expectation(kind="result", contains='root:x\n"7"'), answer)
    assert not in_answer(Expectation(kind="result", contains="toor"), answer)


def test_all_text_that_can_match_is_in_the_text_of_a_fact() -> None:
    assert "zum1" in text_of(fact(egress(sample=b"%7auM1")))
    assert "zum1" in text_of(fact(Connected(family="unix", address="@zuM1", pid=1)))
    assert "zum1" in text_of(fact(OpenedForWrite(path="zuM1", pid=1)))
    assert "zum1" in text_of(fact(touch("zuM1")))
    assert text_of(fact(CanaryTouched(name="n", path="zuM1", access="read"))) == ""
