"""The DNS gate: one query in, one reply and one fact out (RFC 1035). Nothing is forwarded.

A query is a way out by itself, its name carries bytes; so each one is recorded with its
full name, whatever becomes of it. An allowed name gets a synthetic address for type A
and an empty answer for every other type, so that no address (AAAA), key or hint (HTTPS,
RFC 9460; ECH) from outside steers the program. All other names do not exist.

Only the header and the question are read; a reply without the OPT record of the query
says that EDNS is not spoken here (RFC 6891 section 7).
"""

from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.names import SyntheticNames
from zu_backends.egress.policy import Allow, Deny, EgressPolicy, Refusal
from zu_core.events import EgressObserved

TTL_SECONDS = 5  # short: a name that leaves the table must not live on in a cache
_HEADER_BYTES = 12
_RESPONSE_BIT = 0x80  # in the third octet


@dataclass(slots=True)
class DnsGate:
    """What answers the queries of one box."""

    policy: EgressPolicy
    names: SyntheticNames
    limits: EgressLimits

    def answer(self, wire: bytes, *, resolver: str = "") -> tuple[bytes | None, EgressObserved]:
        """Return the reply, or None for what deserves none, and the fact.

        Args:
            wire: one message, without the length octets of TCP.
            resolver: the address that the program asked, for the record.
        """
        query = _read(wire, self.limits.query_bytes)
        if isinstance(query, str):
            return _format_error(wire), _malformed(wire, query, resolver, self.limits)
        reply, decision = self._decide(query)
        return _encode(reply), _fact(query, decision, resolver, wire, self.limits)

    def _decide(self, query: dns.message.Message) -> tuple[dns.message.Message, Allow | Deny]:
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        unusual = _unusual(query)
        if unusual is not None:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply, unusual
        decision = self.policy.decide_name(name_text(question.name))
        if isinstance(decision, Deny):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif decision.host.address is not None:
            # resolvers answer for literal addresses themselves; as names they do not exist
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.A:
            return self._address(reply, question.name, decision)
        return reply, decision

    def _address(
        self, reply: dns.message.Message, name: dns.name.Name, allowed: Allow
    ) -> tuple[dns.message.Message, Allow | Deny]:
        address = self.names.address_of(allowed.host.canonical)
        if address is None:
            reply.set_rcode(dns.rcode.SERVFAIL)
            reason = f"more than {self.limits.names} names were looked up"
            return reply, Deny(Refusal.DNS_NAMES, reason)
        reply.answer.append(dns.rrset.from_text(name, TTL_SECONDS, "IN", "A", str(address)))
        return reply, allowed


def name_text(name: dns.name.Name) -> str:
    r"""`name` without its final dot, in master file form: odd octets are \DDD (RFC 1035 5.1)."""
    return name.to_text(omit_final_dot=True)


def _read(wire: bytes, limit: int) -> dns.message.Message | str:
    """The query, or why `wire` is none."""
    if len(wire) > limit:
        return f"a message of {len(wire)} octets"
    if len(wire) < _HEADER_BYTES:
        return "shorter than a header"
    if wire[2] & _RESPONSE_BIT:
        return "a response, not a query"
    try:
        query = dns.message.from_wire(wire, question_only=True)
    except (dns.exception.DNSException, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    if len(query.question) != 1:
        return f"{int.from_bytes(wire[4:6])} questions"
    return query


def _unusual(query: dns.message.Message) -> Deny | None:
    question = query.question[0]
    if query.opcode() != dns.opcode.QUERY:
        return Deny(Refusal.NOT_DNS, f"opcode {dns.opcode.to_text(query.opcode())}")
    if question.rdclass != dns.rdataclass.IN:
        return Deny(Refusal.DNS_CLASS, f"class {dns.rdataclass.to_text(question.rdclass)}")
    return None


def _format_error(wire: bytes) -> bytes | None:
    """FORMERR with the id of `wire` and no question; None for a response or a fragment."""
    if len(wire) < _HEADER_BYTES or wire[2] & _RESPONSE_BIT:
        return None
    flags = dns.flags.QR | dns.rcode.FORMERR
    return wire[:2] + int(flags).to_bytes(2) + bytes(8)


def _encode(reply: dns.message.Message) -> bytes:
    return reply.to_wire()


def _malformed(wire: bytes, why: str, resolver: str, limits: EgressLimits) -> EgressObserved:
    return EgressObserved(
        channel="dns",
        decision="denied",
        rule=Refusal.NOT_DNS,
        address=resolver,
        port=53,
        sent=len(wire),
        sample=wire[: limits.sample_bytes],
        detail=why,
    )


def _fact(
    query: dns.message.Message,
    decision: Allow | Deny,
    resolver: str,
    wire: bytes,
    limits: EgressLimits,
) -> EgressObserved:
    question = query.question[0]
    denied = isinstance(decision, Deny)
    return EgressObserved(
        channel="dns",
        decision="denied" if denied else "allowed",
        rule=decision.rule if isinstance(decision, Deny) else decision.rule.text,
        host=name_text(question.name),
        address=resolver,
        port=53,
        sent=len(wire),
        sample=wire[: limits.sample_bytes],
        detail=dns.rdatatype.to_text(question.rdtype)
        + (f": {decision.reason}" if isinstance(decision, Deny) else ""),
    )
