"""Every attack of the corpus ends in a refusal and a record, and nothing of it leaves."""

import asyncio
import base64
import contextlib
import tomllib
from pathlib import Path

import dns.edns
import dns.message
import dns.rdataclass
import pytest

from zu_backends.egress import Role

from .test_tls import client_hello

CASES = tomllib.loads(Path(__file__).with_name("corpus").joinpath("attacks.toml").read_text())[
    "case"
]


def query(case: dict) -> bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"] + case["tail"])
    asked = case["query"]
    options = []
    if "edns" in asked:
        options = [dns.edns.GenericOption(65001, base64.b64decode(asked["edns"]))]
    rdclass = dns.rdataclass.from_text(asked.get("class", "IN"))
    message = dns.message.make_query(
        asked["name"], asked["type"], rdclass, use_edns=0 if options else None, options=options
    )
    return message.to_wire()


def octets(case: dict) -> bytes:
    text = case.get("send", "").replace("{PAD}", "a" * case.get("pad", 0))
    text = text.replace("{LINES}", "X: y\r\n" * case.get("pad", 0))
    text = text.replace("{ONES}", "1" * case.get("pad", 0))
    data = text.encode("latin-1")
    return data + client_hello(case["tls"] or None) if "tls" in case else data


async def attack(net, case: dict) -> bytes:
    if case["via"] == "dns":
        return await net.query(query(case), reply=case.get("answered", True))
    if case["via"] == "dns-tcp":
        wire = query(case)
        reader, writer = await net.connect(Role.DNS_TCP)
        writer.write(len(wire).to_bytes(2) + wire if "query" in case else wire)
        writer.write_eof()
        return await read(reader, writer)
    if case["via"] == "udp":
        await net.datagram(octets(case))
        return b""
    data = octets(case)  # made before the connection is: the gate listens for a moment only
    reader, writer = await connect(net, case)
    if "first" in case:
        writer.write(case["first"].encode())
        await reader.readuntil(b"\r\n\r\n" if case["first"].startswith("CONNECT") else b"THE END")
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
    return await read(reader, writer)


async def connect(net, case: dict):
    if case["via"] == "proxy":
        return await net.connect(Role.PROXY)
    if "lookup" in case:
        reply = await net.query(dns.message.make_query(case["lookup"], "A").to_wire())
        net.facts.clear()
        address = dns.message.from_wire(reply).answer[0][0].address
        return await net.to(address, case["port"])
    address, _, port = case["to"].rpartition(":")
    return await net.to(address.strip("[]"), int(port))


async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    got = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(5):
            while more := await reader.read(65536):
                got += more
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return got


def test_the_corpus_has_no_duplicates():
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids)) >= 40


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
async def test_attack(case, make_net, serve):
    arrived = bytearray()

    async def upstream(reader, writer):
        while data := await reader.read(65536):
            arrived.extend(data)
            if data.endswith(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nTHE END")

    port = await serve(upstream)
    allow = [*case.get("allow", ()), *case.get("internal", ())]
    net = await make_net(*allow, upstream=port, names=case.get("names"))
    got = await attack(net, case)
    fact = await refused(net, case)
    assert fact.rule == case["rule"]
    for field in ("host", "address"):
        if field in case:
            assert getattr(fact, field) == case[field]
    if "status" in case:
        assert got.startswith(b"HTTP/1.1 %d " % case["status"])
        assert case["rule"].encode() in got
    if not reachable(case):
        assert net.dialled == []
    assert b"evil" not in arrived
    assert b"secret" not in arrived
    assert net.server.fault is None


def reachable(case: dict) -> bool:
    """Whether the case has an upstream that it may reach; judged by what it may not send there."""
    return "internal" in case or "192.0.2.1:443" in case.get("allow", ())


async def refused(net, case: dict):
    await net.fact(1)
    await net.server.settle(2)
    denied = [fact for fact in net.facts if fact.decision == "denied"]
    assert len(denied) == 1, net.facts
    if "send" in case or "tls" in case:
        assert denied[0].sent > 0
        assert denied[0].sample
    return denied[0]
