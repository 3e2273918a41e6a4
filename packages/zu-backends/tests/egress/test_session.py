"""Whatever ends a connection, what it tried is reported."""

import asyncio
import socket

import pytest

from zu_backends.egress import EgressLimits, EgressPolicy
from zu_backends.egress.dns import DnsGate
from zu_backends.egress.dns_session import DnsSession
from zu_backends.egress.flow import Room
from zu_backends.egress.http_session import ProxySession
from zu_backends.egress.journal import Journal
from zu_backends.egress.names import SyntheticNames
from zu_backends.egress.session import Attempt, Gate, Session
from zu_backends.egress.stream import Stream, Tally
from zu_backends.egress.upstream import Upstream, dial_tcp, resolve_name
from zu_core.events import EgressObserved
from zu_core.hosts import Allowlist

LIMITS = EgressLimits(sample_seconds=0.05)


@pytest.fixture
def facts() -> list[EgressObserved]:
    return []


@pytest.fixture
def gate(facts) -> Gate:
    policy = EgressPolicy(Allowlist.parse([]))
    return Gate(
        policy,
        SyntheticNames(10),
        LIMITS,
        Journal(facts.append, LIMITS),
        Upstream(policy, LIMITS, resolve_name, dial_tcp),
        asyncio.Event(),
        Room(LIMITS),
    )


def make(kind: type[Session], gate: Gate, sock: socket.socket) -> Session:
    client = Stream(sock, Tally(LIMITS.sample_bytes))
    if kind is DnsSession:
        return DnsSession(gate, client, DnsGate(gate.policy, gate.names, LIMITS))
    return ProxySession(gate, client)


@pytest.mark.parametrize(("kind", "channel"), [(ProxySession, "http"), (DnsSession, "dns")])
async def test_what_nobody_read_yet_is_reported_when_the_server_stops(gate, facts, kind, channel):
    ours, theirs = socket.socketpair()
    with theirs:
        task = asyncio.create_task(make(kind, gate, ours).serve())
        await asyncio.sleep(0)  # it waits for the first octets
        theirs.sendall(b"secret")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [(fact.channel, fact.decision, fact.rule, fact.sample) for fact in facts] == [
        (channel, "denied", "stopped", b"secret")
    ]


async def test_a_connection_on_which_nothing_was_tried_is_no_fact(gate, facts):
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.shutdown(socket.SHUT_WR)
        await make(ProxySession, gate, ours).serve()
    assert facts == []


async def test_a_fault_is_shown_and_the_attempt_reported(gate, facts):
    class Faulty(Session):
        async def run(self) -> None:
            raise RuntimeError("bug")

    ours, theirs = socket.socketpair()
    with theirs:
        attempt = Attempt(channel="tcp", address="203.0.113.9", port=1)
        await Faulty(gate, Stream(ours), attempt).serve()
    assert [(fact.rule, fact.address) for fact in facts] == [("proxy-fault", "203.0.113.9")]
    assert gate.journal.fault is not None
    assert "RuntimeError" in gate.journal.fault


async def test_pending_ends_with_the_report(gate, facts):
    ours, theirs = socket.socketpair()
    with theirs:
        session = Session(gate, Stream(ours), Attempt(channel="tcp"))
        assert session.pending
        session.report(Attempt(channel="tcp"))
        assert not session.pending
        assert gate.moved.is_set()
        session.client.close()
    assert len(facts) == 1
