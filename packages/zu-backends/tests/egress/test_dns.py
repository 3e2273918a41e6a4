import struct

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zu_backends.egress import EgressLimits, EgressPolicy
from zu_backends.egress.dns import DnsGate
from zu_backends.egress.names import SyntheticNames
from zu_core.events import EgressObserved
from zu_core.hosts import Allowlist


def gate(*allow: str, limits: EgressLimits | None = None) -> DnsGate:
    limits = limits or EgressLimits()
    return DnsGate(EgressPolicy(Allowlist.parse(allow)), SyntheticNames(limits.names), limits)


def ask(
    asked: DnsGate, name: str, rdtype: str = "A", **more
) -> tuple[dns.message.Message, EgressObserved]:
    query = dns.message.make_query(name, rdtype, **more)
    wire, fact = asked.answer(query.to_wire(), resolver="9.9.9.9")
    assert wire is not None
    reply = dns.message.from_wire(wire)
    assert query.is_response(reply)
    return reply, fact


def test_an_allowed_name_gets_a_synthetic_address_and_keeps_it():
    asked = gate("*.example.com:443")
    first, fact = ask(asked, "api.example.com")
    second, _ = ask(asked, "API.Example.COM")
    assert first.answer[0][0].address == second.answer[0][0].address
    assert first.answer[0][0].address.startswith("198.18.")
    assert str(second.question[0].name) == "API.Example.COM."
    assert (fact.decision, fact.rule, fact.host, fact.detail) == (
        "allowed", "*.example.com:443", "api.example.com", "A",
    )  # fmt: skip
    assert (fact.address, fact.port) == ("9.9.9.9", 53)


@pytest.mark.parametrize(
    "rdtype", ["AAAA", "HTTPS", "SVCB", "TXT", "MX", "NS", "NULL", "ANY", "PTR"]
)
def test_an_allowed_name_has_nothing_else(rdtype):
    reply, fact = ask(gate("example.com"), "example.com", rdtype)
    assert reply.rcode() == dns.rcode.NOERROR
    assert not reply.answer
    assert not reply.additional
    assert (fact.decision, fact.detail) == ("allowed", rdtype)


@pytest.mark.parametrize("edns", [None, 0])
def test_other_names_do_not_exist(edns):
    reply, fact = ask(gate("example.com"), "c2VjcmV0.evil.org", use_edns=edns)
    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert (fact.decision, fact.rule, fact.host) == ("denied", "not-declared", "c2VjcmV0.evil.org")
    assert b"c2VjcmV0" in fact.sample


def test_too_many_names():
    asked = gate("*.example.com", limits=EgressLimits(names=2))
    answers = [ask(asked, f"{n}.example.com") for n in range(3)]
    assert [reply.rcode() for reply, _ in answers] == [0, 0, dns.rcode.SERVFAIL]
    assert answers[2][1].rule == "too-many-names"


@pytest.mark.parametrize("opcode", [dns.opcode.STATUS, dns.opcode.NOTIFY, dns.opcode.UPDATE])
def test_only_queries(opcode):
    wire = bytearray(dns.message.make_query("example.com", "SOA").to_wire())
    wire[2] = (wire[2] & ~0x78) | opcode << 3
    reply, fact = gate("example.com").answer(bytes(wire))
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() in (dns.rcode.REFUSED, dns.rcode.FORMERR)
    assert (fact.decision, fact.rule) == ("denied", "malformed-query")


def test_a_response_is_not_answered():
    wire = dns.message.make_response(dns.message.make_query("example.com", "A")).to_wire()
    reply, fact = gate("example.com").answer(wire)
    assert reply is None
    assert fact.decision == "denied"


def test_a_message_that_is_too_long():
    wire = dns.message.make_query("example.com", "A").to_wire() + bytes(5000)
    reply, fact = gate("example.com").answer(wire)
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() == dns.rcode.FORMERR
    assert (fact.decision, fact.sent) == ("denied", len(wire))


def test_octets_that_no_name_has_are_recorded_escaped():
    label = b"a\0\n\x1b[31m."
    question = bytes([len(label)]) + label + b"\x07example\x03com\0" + struct.pack("!HH", 1, 1)
    _, fact = gate("*.example.com").answer(struct.pack("!6H", 1, 256, 1, 0, 0, 0) + question)
    assert fact.decision == "denied"
    assert fact.host == r"a\000\010\027[31m\..example.com"


HEADER = struct.pack("!6H", 1, 256, 1, 0, 0, 0)


@given(st.binary(max_size=300), st.booleans())
@example(b"\xc0\x0c\0\x01\0\x01", True)
@example(b"\x3f" + b"a" * 63 + b"\0\0\x01\0\x01", True)
def test_any_octets_become_a_fact(data, framed):
    wire = HEADER + data if framed else data
    reply, fact = gate("example.com").answer(wire)
    assert fact.channel == "dns"
    assert fact.host.isascii()
    assert fact.host.isprintable()
    if reply is not None:
        assert reply[:2] == wire[:2]
        message = dns.message.from_wire(reply)
        assert message.flags & dns.flags.QR
        assert not message.answer or fact.decision == "allowed"


@given(
    st.lists(st.binary(min_size=1, max_size=63), min_size=1, max_size=6).filter(
        lambda labels: sum(len(label) + 1 for label in labels) < 254
    ),
    st.integers(0, 65535),
)
def test_any_name_of_any_type_becomes_a_fact(labels, rdtype):
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    reply, fact = gate("example.com").answer(HEADER + name + struct.pack("!HH", rdtype, 1))
    assert reply is not None
    assert fact.decision == "denied"
    assert fact.host
