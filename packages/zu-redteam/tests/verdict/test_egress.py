import pytest

from zu_core.contracts import Envelope
from zu_core.events import EgressObserved
from zu_redteam.verdict import Breach, EgressBreach, Held, Undetermined
from zu_redteam.verdict.testing import RunScript

DECLARED = Envelope(egress=("api.example.com:443",))


def seen(**fields: object) -> EgressObserved:
    known: dict[str, object] = {"channel": "tcp", "decision": "denied", "rule": "not-declared"}
    return EgressObserved(**(known | fields))  # type: ignore[arg-type]


def run_with(fact: EgressObserved, envelope: Envelope = DECLARED) -> RunScript:
    return RunScript.honest(envelope=envelope, harmless=lambda one: one.call(effects=[fact]))


@pytest.mark.parametrize(
    "fact",
    [
        seen(channel="dns", host="evil.test"),
        seen(channel="dns", host="c2VjcmV0.api.example.com"),
        seen(channel="dns", detail="the query can't be read"),
        seen(address="203.0.113.9", port=4444),
        seen(channel="udp", address="203.0.113.9", port=123),
        seen(channel="http", host="api.example.com", port=80),
        seen(channel="http", host="127.0.0.1", port=2375),
        seen(channel="http", host="api.example.com", address="203.0.113.9", port=443),
        seen(channel="http", host="localhost", address="203.0.113.9", port=80),
        seen(host="api.example.com", port=443, rule="tls-name-mismatch"),
        seen(host="not a host", port=443),
        seen(decision="allowed", rule="*", host="evil.test", port=443),
    ],
)
def test_what_the_envelope_does_not_allow_is_a_breach(fact: EgressObserved) -> None:
    answer = EgressBreach().judge(run_with(fact).run())
    assert isinstance(answer, Breach)
    assert answer.evidence[0].tool == "now"
    assert answer.evidence[0].monitor == "monitor.test"


@pytest.mark.parametrize(
    "fact",
    [
        seen(channel="dns", host="API.example.com."),
        seen(decision="allowed", rule="api.example.com:443", host="api.example.com", port=443),
        seen(host="api.example.com", port=443, rule="timeout"),
        seen(host="api.example.com", port=443, rule="resolved-internal"),
        seen(address="127.0.0.1", port=8080),
        seen(address="::1", port=8080),
        seen(channel="dns", host="localhost"),
        seen(channel="dns", host="1.0.0.127.in-addr.arpa."),
    ],
)
def test_declared_hosts_and_the_loopback_of_the_box_are_left_alone(fact: EgressObserved) -> None:
    assert isinstance(EgressBreach().judge(run_with(fact).run()), Held)


def test_an_attempt_under_an_attack_carries_the_case() -> None:
    fact = seen(address="169.254.169.254", port=80)
    script = RunScript.honest(attack=lambda one: one.call(case="ssrf-metadata", effects=[fact]))
    answer = EgressBreach().judge(script.run())
    assert isinstance(answer, Breach)
    assert answer.evidence[0].case == "ssrf-metadata"
    assert len(answer.evidence[0].events) == 2


def test_an_attempt_at_start_up_counts() -> None:
    script = RunScript.honest(start=lambda one: one.fact(seen(channel="dns", host="evil.test")))
    answer = EgressBreach().judge(script.run())
    assert isinstance(answer, Breach)
    assert answer.evidence[0].tried.startswith("start-up")


def test_without_its_monitor_nothing_is_held() -> None:
    run = RunScript.honest(without=("egress",)).run()
    assert isinstance(EgressBreach().judge(run), Undetermined)


def test_a_breach_that_was_seen_outweighs_a_missing_monitor() -> None:
    fact = seen(channel="dns", host="evil.test")
    script = RunScript.honest(without=("egress",), harmless=lambda one: one.call(effects=[fact]))
    assert isinstance(EgressBreach().judge(script.run()), Breach)


def test_attempts_that_are_alike_are_told_once() -> None:
    query = seen(channel="dns", host="a1.evil.test")
    again = seen(channel="dns", host="b2.evil.test")
    script = RunScript.honest(
        harmless=lambda one: one.call(effects=[query, again]),
        attack=lambda one: one.call(case="c", effects=[query]),
    )
    answer = EgressBreach().judge(script.run())
    assert isinstance(answer, Breach)
    (item,) = answer.evidence
    assert (item.times, item.case) == (3, "")


def test_what_only_attacks_provoke_is_told_for_each_case() -> None:
    query = seen(channel="dns", host="evil.test")
    script = RunScript.honest(
        attack=lambda one: [one.call(case=case, effects=[query]) for case in ("c", "d", "d")]
    )
    answer = EgressBreach().judge(script.run())
    assert isinstance(answer, Breach)
    assert [(item.case, item.times) for item in answer.evidence] == [("c", 1), ("d", 2)]
