"""The server on the sockets of a real network namespace, with real redirects."""

import ast
import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import dns.message
import pytest

from zu_backends.egress import EgressPolicy, EgressServer, Role
from zu_backends.egress.policy import Address
from zu_core.events import EgressObserved
from zu_core.hosts import Allowlist

from .conftest import QUICK
from .test_server import echo, page
from .test_tls import client_hello

PROGRAM = Path(__file__).with_name("program_in_netns.py")


class Box:
    """A namespace, the program in it, and the server outside."""

    def __init__(self, process: asyncio.subprocess.Process, roles: dict[Role, socket.socket]):
        self._process = process
        self.roles = roles
        self.facts: list[EgressObserved] = []
        self.server: EgressServer

    async def serve(self, *allow: str, names: dict[str, list[Address]] | None = None) -> None:
        async def resolve(name: str) -> list[Address]:
            return (names or {})[name]

        policy = EgressPolicy(Allowlist.parse(allow))
        self.server = EgressServer(
            self.roles, policy, self.facts.append, resolve=resolve, limits=QUICK
        )
        await self.server.start()

    async def run(self, expression: str):
        """Run `expression` in the namespace; its result, or the text of its OSError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(expression).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 10)
        assert line, "the program in the namespace ended"
        result = json.loads(line)
        try:
            return ast.literal_eval(result)
        except ValueError:
            return result

    async def lookup(self, name: str, resolver: str = "9.9.9.9") -> tuple[dns.message.Message, str]:
        wire = dns.message.make_query(name, "A").to_wire()
        ((reply, sender),) = await self.run(f"udp({resolver!r}, 53, {wire!r})")
        return dns.message.from_wire(reply), sender


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(PROGRAM),
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        message, fds, _, _ = await asyncio.to_thread(socket.recv_fds, ours, 65536, 16)
    if not message:
        _, error = await process.communicate()
        pytest.fail(f"no network namespace on this machine: {error.decode()}")
    roles = [Role(role) for role in json.loads(message)]
    box = Box(process, dict(zip(roles, (socket.socket(fileno=fd) for fd in fds), strict=True)))
    yield box
    process.stdin.close()
    _, error = await process.communicate()
    await box.server.stop()
    assert not error.decode()


async def test_every_way_out_ends_at_the_server(box):
    await box.serve()
    assert await box.run("tcp('203.0.113.9', 4444, b'\\x01secret')") == b""
    assert await box.run("tcp('2606:4700::1111', 853, b'\\x01secret')") == b""
    await box.run("udp('203.0.113.9', 1234, b'secret', 0)")
    await box.run("udp('2606:4700::1111', 443, b'secret', 0)")
    await box.server.stop()
    seen = {(fact.channel, fact.decision, fact.address, fact.port, fact.sent) for fact in box.facts}
    assert seen == {
        ("tcp", "denied", "203.0.113.9", 4444, 7),
        ("tcp", "denied", "2606:4700::1111", 853, 7),
        ("udp", "denied", "203.0.113.9", 1234, 6),
        ("udp", "denied", "2606:4700::1111", 443, 6),
    }
    assert box.server.fault is None


@pytest.mark.parametrize("resolver", ["9.9.9.9", "127.0.0.53", "2620:fe::fe", "::1"])
async def test_whatever_resolver_is_asked_answers_from_its_own_address(box, resolver):
    await box.serve("example.com")
    reply, sender = await box.lookup("example.com", resolver)
    assert sender == resolver
    assert reply.answer[0][0].address.startswith("198.18.")
    reply, sender = await box.lookup("evil.org", resolver)
    assert sender == resolver
    assert not reply.answer
    assert [fact.address for fact in box.facts] == [resolver, resolver]


async def test_a_program_without_a_proxy_reaches_an_allowed_name(box, serve):
    port = await serve(page)
    address = socket.inet_aton("127.0.0.1")
    loopback = [Allowlist.parse(["127.0.0.1"]).rules[0].target.address]
    assert loopback[0].packed == address
    await box.serve(f"example.com:{port}", "127.0.0.1", names={"example.com": loopback})
    reply, _ = await box.lookup("example.com")
    synthetic = reply.answer[0][0].address
    request = b"GET /x HTTP/1.1\r\nHost: example.com:%d\r\nConnection: close\r\n\r\n" % port
    got = await box.run(f"tcp({synthetic!r}, {port}, {request!r})")
    assert b"GET /x HTTP/1.1" in got
    other = request.replace(b"example.com", b"evil.org")
    assert b"host-mismatch" in await box.run(f"tcp({synthetic!r}, {port}, {other!r})")
    hello = client_hello("evil.org")
    assert await box.run(f"tcp({synthetic!r}, {port}, {hello!r})") == b""
    await box.server.stop()
    assert [(fact.decision, fact.rule) for fact in box.facts if fact.channel != "dns"] == [
        ("allowed", f"example.com:{port}"),
        ("denied", "host-mismatch"),
        ("denied", "tls-name-mismatch"),
    ]


async def test_the_proxy_port(box, serve):
    port = await serve(echo)
    await box.serve(f"127.0.0.1:{port}")
    denied = await box.run("tcp('127.0.0.1', 3128, b'CONNECT evil.org:443 HTTP/1.0\\r\\n\\r\\n')")
    assert denied.startswith(b"HTTP/1.1 403")
    # the loopback of the namespace is not that of the host
    assert "refused" in await box.run(f"tcp('127.0.0.1', {port}, b'x')")


async def test_the_gates_own_ports(box):
    await box.serve("127.0.0.1", "0.0.0.0")
    for address in ("127.0.0.1", "::1"):
        assert await box.run(f"tcp({address!r}, 3129, b'\\x01x')") == b""
    await box.server.stop()
    assert {(fact.rule, fact.address, fact.port) for fact in box.facts} == {
        ("own-listener", "127.0.0.1", 3129),
        ("own-listener", "::1", 3129),
    }


async def test_a_flood_of_datagrams_is_bounded_and_shown(box):
    await box.serve()
    flood = "[udp('203.0.113.9', port, b'x' * 1000, 0) for port in range(1000, 26000)] and None"
    await box.run(flood)
    await box.server.stop()
    assert len(box.facts) == box.server.facts <= QUICK.records
    assert box.server.fault is not None
    assert "udp4" in box.server.fault or str(QUICK.records) in box.server.fault
