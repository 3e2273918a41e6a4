"""Connections that speak HTTP, as a program in a box meets them."""

import asyncio

from zu_backends.egress import Role
from zu_backends.egress.stream import Stream

from .conftest import closed, echo, open_tunnel, page

WEBSOCKET = (
    b"GET http://%(host)s/chat HTTP/1.1\r\nHost: %(host)s\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"Connection: Upgrade\r\nUpgrade: websocket\r\n" in head
    assert b"Sec-WebSocket-Key: x\r\n" in head
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: y\r\n\r\n\x81\x05hello"
    )
    await echo(reader, writer)


async def test_a_websocket_over_plain_http_is_carried_and_is_one_fact(make_net, serve):
    port = await serve(websocket)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await net.connect(Role.PROXY)
    request = WEBSOCKET % {b"host": b"127.0.0.1:%d" % port}
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert head.lower().count(b"upgrade: websocket") == 1
    assert b"Sec-WebSocket-Accept: y" in head
    assert await reader.readexactly(7) == b"\x81\x05hello"
    writer.write(b"\x81\x83maskabc")
    assert await reader.readexactly(9) == b"\x81\x83maskabc"
    await closed(writer)
    fact = await net.fact()
    assert (fact.channel, fact.decision, fact.port) == ("http", "allowed", port)
    assert fact.sent == len(request) + 9
    assert fact.sample == request + b"\x81\x83maskabc"
    assert len(net.facts) == 1


async def test_a_websocket_to_what_is_not_allowed_is_refused(make_net):
    net = await make_net()
    got = await net.exchange(Role.PROXY, WEBSOCKET % {b"host": b"ws.example.com"})
    assert got.startswith(b"HTTP/1.1 403")
    assert (await net.fact()).rule == "not-declared"


async def test_another_upgrade_is_not_passed_on(make_net, serve):
    port = await serve(page)
    net = await make_net(f"127.0.0.1:{port}")
    request = (WEBSOCKET % {b"host": b"127.0.0.1:%d" % port}).replace(b"websocket", b"h2c")
    reader, writer = await net.connect(Role.PROXY)
    writer.write(request)
    got = await reader.readuntil(b"0\r\n\r\n")
    assert b"pgrade" not in got
    assert b"Connection: close" in got
    await closed(writer)


async def test_a_request_on_an_open_connection_is_judged_by_the_new_policy(make_net, serve):
    port = await serve(page)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await open_tunnel(net, port)
    request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
    writer.write(request)
    assert (await reader.readuntil(b"0\r\n\r\n")).startswith(b"HTTP/1.1 200")
    await net.fact(2)
    net.server.withdraw()
    writer.write(request)
    assert (await reader.read()).startswith(b"HTTP/1.1 403")
    assert [(await net.fact(n)).decision for n in (1, 2, 3)] == ["allowed", "allowed", "denied"]
    await closed(writer)


async def test_a_head_in_small_pieces_costs_few_reads_and_is_answered(make_net, serve, monkeypatch):
    reads = 0
    receive = Stream.recv_now

    def counted(self, count):
        nonlocal reads
        reads += 1
        return receive(self, count)

    monkeypatch.setattr(Stream, "recv_now", counted)
    net = await make_net()
    reader, writer = await net.connect(Role.PROXY)
    for octet in b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nX: " + b"y" * 150:
        writer.write(bytes([octet]))
        await asyncio.sleep(0.001)
    assert reads < 40
    writer.write(b"\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 403")
    assert (await net.fact()).rule == "not-declared"
    await closed(writer)
