import asyncio
import socket
from ipaddress import ip_address

import pytest

from zu_backends.egress import Allow, Deny, EgressLimits, EgressPolicy, Refusal
from zu_backends.egress.upstream import Unreachable, Upstream, dial_tcp, resolve_name
from zu_core.hosts import Allowlist

from .conftest import listener

LIMITS = EgressLimits(resolve_seconds=0.05, dial_seconds=0.05, addresses=3)
GLOBAL = ["93.184.215.14", "93.184.215.15", "93.184.215.16", "93.184.215.17"]


def make(answers: list, dial=None, *rules: str) -> tuple[Upstream, Allow]:
    policy = EgressPolicy(Allowlist.parse(["example.com", *rules]))
    pending = list(answers)

    async def resolve(name: str):
        answer = pending.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await asyncio.Event().wait()
        return [ip_address(text) for text in answer]

    async def refuse(address, port):
        raise ConnectionRefusedError(111, "no")

    allowed = policy.decide("example.com", 443)
    assert isinstance(allowed, Allow)
    return Upstream(policy, LIMITS, resolve, dial or refuse), allowed


async def test_a_name_is_resolved_once_and_only_checked_addresses_are_dialled():
    dialled = []

    async def dial(address, port):
        dialled.append((str(address), port))
        raise ConnectionRefusedError(111, "no")

    # the second answer is the rebinding; nobody asks for it
    upstream, allowed = make([GLOBAL, ["127.0.0.1"]], dial)
    assert isinstance(await upstream.open(allowed), Unreachable)
    assert dialled == [(address, 443) for address in GLOBAL[:3]]


async def test_one_internal_address_refuses_all():
    upstream, allowed = make([[*GLOBAL, "::ffff:10.0.0.1"]])
    denied = await upstream.open(allowed)
    assert isinstance(denied, Deny)
    assert denied.rule is Refusal.RESOLVED_INTERNAL


async def test_a_mapped_address_is_dialled_as_what_was_checked():
    dialled = []

    async def dial(address, port):
        dialled.append(address)
        return socket.socket()

    upstream, allowed = make([["::ffff:10.0.0.1"]], dial, "10.0.0.1")
    opened = await upstream.open(allowed)
    assert isinstance(opened, socket.socket)
    opened.close()
    assert dialled == [ip_address("10.0.0.1")]


@pytest.mark.parametrize("answer", [OSError("gone"), UnicodeError("odd"), None, []])
async def test_a_name_that_has_no_answer_is_no_refusal(answer):
    upstream, allowed = make([answer])
    assert isinstance(await upstream.open(allowed), Unreachable)


async def test_a_host_that_does_not_answer():
    async def dial(address, port):
        await asyncio.Event().wait()

    upstream, allowed = make([GLOBAL[:1]], dial)
    opened = await upstream.open(allowed)
    assert isinstance(opened, Unreachable)
    assert "did not answer" in opened.reason


async def test_dial_tcp():
    with listener() as there:
        port = there.getsockname()[1]
        with await dial_tcp(ip_address("127.0.0.1"), port) as sock:
            assert sock.getpeername() == ("127.0.0.1", port)
            assert not sock.getblocking()
    with pytest.raises(ConnectionRefusedError):
        await dial_tcp(ip_address("127.0.0.1"), port)


async def test_the_systems_resolver():
    assert ip_address("127.0.0.1") in await resolve_name("127.0.0.1")
    with pytest.raises(UnicodeError):
        await resolve_name("a" * 64 + ".example.com")
