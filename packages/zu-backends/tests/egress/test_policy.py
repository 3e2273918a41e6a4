from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.egress import Allow, Deny, EgressPolicy, Refusal
from zu_core.hosts import Allowlist, Host


def policy(*entries: str) -> EgressPolicy:
    return EgressPolicy(Allowlist.parse(entries))


def test_an_allowed_host_names_its_rule():
    decision = policy("*.example.com:443").decide("API.example.com.", 443)
    assert isinstance(decision, Allow)
    assert (decision.host.canonical, decision.rule.text) == ("api.example.com", "*.example.com:443")


def test_a_denial_says_what_to_write():
    decision = policy().decide("api.example.org", 443)
    assert isinstance(decision, Deny)
    assert decision.rule is Refusal.NOT_DECLARED
    assert 'egress = ["api.example.org:443"]' in decision.advice
    assert "--egress api.example.org:443" in decision.advice


def test_a_denied_address_is_written_as_the_grammar_wants_it():
    decision = policy().decide_address(ip_address("2606:4700::1"), 443)
    assert isinstance(decision, Deny)
    assert Allowlist.parse(["[2606:4700::1]:443"])
    assert "--egress [2606:4700::1]:443" in decision.advice


@pytest.mark.parametrize("text", ["", "a b", "evil\0.example.com", "[::1", "1.2.3.4.5", "a" * 2000])
def test_what_is_no_host_is_denied(text):
    decision = policy("example.com").decide(text, 443)
    assert isinstance(decision, Deny)
    assert decision.rule is Refusal.MALFORMED_HOST


def test_an_internal_host_is_denied_as_such():
    for text in ("127.1", "169.254.169.254", "db", "metadata.google.internal"):
        decision = policy("*.example.com").decide(text, 80)
        assert isinstance(decision, Deny)
        assert decision.rule is Refusal.INTERNAL


def test_a_lookup_needs_no_port():
    assert isinstance(policy("example.com:443").decide_name("example.com"), Allow)
    assert isinstance(policy("example.com:443").decide_name("www.example.com"), Deny)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "64:ff9b::a00:1"]
)
def test_a_name_that_means_an_internal_address_is_refused(address):
    rules = policy("example.com")
    allowed = rules.decide("example.com", 443)
    assert isinstance(allowed, Allow)
    for answer in ([address], ["93.184.215.14", address]):
        denied = rules.check_resolved([ip_address(a) for a in answer], allowed)
        assert denied is not None
        assert denied.rule is Refusal.RESOLVED_INTERNAL


def test_the_advice_names_the_host_and_the_address_to_declare():
    rules = policy("example.com")
    allowed = rules.decide("example.com", 443)
    assert isinstance(allowed, Allow)
    denied = rules.check_resolved([ip_address("10.0.0.1")], allowed)
    assert denied is not None
    assert 'egress = ["example.com:443", "10.0.0.1:443"]' in denied.advice
    assert "--egress example.com:443 --egress 10.0.0.1:443" in denied.advice


@pytest.mark.parametrize("rule", ["10.0.0.1", "10.0.0.0/8", "10.0.0.1:443"])
def test_unless_the_operator_named_that_address(rule):
    rules = policy("example.com", rule)
    allowed = rules.decide("example.com", 443)
    assert isinstance(allowed, Allow)
    assert rules.check_resolved([ip_address("10.0.0.1")], allowed) is None


def test_a_network_does_not_open_the_metadata_service():
    rules = policy("example.com", "169.254.0.0/16")
    allowed = rules.decide("example.com", 80)
    assert isinstance(allowed, Allow)
    assert rules.check_resolved([ip_address("169.254.169.254")], allowed) is not None


@given(st.text(), st.integers(1, 65535))
def test_the_empty_policy_allows_nothing(text, port):
    assert isinstance(policy().decide(text, port), Deny)


@given(st.ip_addresses(), st.integers(1, 65535))
def test_no_internal_address_passes_by_a_name(address, port):
    rules = policy("example.com")
    allowed = Allow(Host("example.com", None), port, rules.allow.rules[0])
    refused = rules.check_resolved([address], allowed) is not None
    assert refused == Host.of_address(address).klass.is_internal
