"""The server as a program in a box meets it."""

import asyncio
import contextlib
import socket

import dns.message
import pytest

from zu_backends.egress import EgressLimits, Role
from zu_core.events import EgressObserved

from .conftest import QUICK, closed, echo, listener, open_tunnel, page, talk
from .test_tls import client_hello


async def test_a_tunnel_carries_both_ways_and_each_way_ends_by_itself(make_net, serve):
    async def count(reader, writer):
        writer.write(b"%d" % len(await reader.read(-1)))  # answers after the end of the request

    port = await serve(count)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await open_tunnel(net, port)
    writer.write(b"\x01" * 100_000)
    writer.write_eof()
    assert await reader.read() == b"100000"
    await closed(writer)
    fact = await net.fact()
    assert (fact.channel, fact.decision, fact.rule) == ("http", "allowed", f"127.0.0.1:{port}")
    assert (fact.address, fact.port, fact.sent, fact.received) == ("127.0.0.1", port, 100_000, 6)
    assert fact.sample == b"\x01" * QUICK.sample_bytes
    assert len(net.facts) == 1


async def test_octets_right_behind_a_connect_are_not_lost(make_net, serve):
    port = await serve(echo)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await net.connect(Role.PROXY)
    writer.write(b"CONNECT 127.0.0.1:%d HTTP/1.0\r\n\r\n\x01early" % port)
    await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(6) == b"\x01early"
    await closed(writer)


async def test_a_server_may_speak_first(make_net, serve):
    async def mail(reader, writer):
        writer.write(b"220 hello\r\n")
        writer.write(b"250 " + await reader.readline())

    port = await serve(mail)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await net.to("127.0.0.1", port)
    assert await reader.readline() == b"220 hello\r\n"
    writer.write(b"EHLO box\r\n")
    assert await reader.readline() == b"250 EHLO box\r\n"
    await closed(writer)


async def test_a_hello_with_the_allowed_name_arrives_whole(make_net, serve):
    port = await serve(echo)
    net = await make_net(f"example.com:{port}", "127.0.0.1", names={"example.com": ["127.0.0.1"]})
    hello = client_hello("example.com")
    reader, writer = await net.connect(Role.PROXY)
    writer.write(b"CONNECT example.com:%d HTTP/1.0\r\n\r\n" % port)
    await reader.readuntil(b"\r\n\r\n")
    for octet in hello[:20]:
        writer.write(bytes([octet]))
        await writer.drain()
    writer.write(hello[20:])
    assert await reader.readexactly(len(hello)) == hello
    await closed(writer)


async def test_a_request_is_framed_anew(make_net, serve):
    port = await serve(page)
    net = await make_net(f"127.0.0.1:{port}")
    host = b"127.0.0.1:%d" % port
    request = (
        b"POST http://" + host + b"/x HTTP/1.1\r\nHost: " + host + b"\r\nProxy-Connection: x\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n3;ext=secret\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"
    )
    last = (
        b"GET http://"
        + host
        + b"/last HTTP/1.1\r\nHost: "
        + host
        + b"\r\nConnection: close\r\n\r\n"
    )
    got = await talk(*await net.connect(Role.PROXY), request + last)
    first, second = got.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert b"POST /x HTTP/1.1" in first
    assert b"3\r\nabc\r\n0\r\n\r\n" in first
    assert b"ext=" not in first
    assert b"railer" not in first
    assert b"Proxy" not in first
    assert b"GET /last HTTP/1.1" in second
    facts = [await net.fact(1), await net.fact(2)]
    assert [fact.decision for fact in facts] == ["allowed", "allowed"]
    assert [fact.sent for fact in facts] == [len(request), len(last)]
    assert facts[1].sample == last
    assert facts[0].detail == request.partition(b"\r\n")[0].decode()


async def test_a_program_that_waits_for_100_continue_gets_it(make_net, serve):
    port = await serve(page)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await net.connect(Role.PROXY)
    host = b"127.0.0.1:%d" % port
    writer.write(
        b"POST http://" + host + b"/ HTTP/1.1\r\nHost: " + host + b"\r\n"
        b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 \r\n\r\n"
    writer.write(b"1\r\nx\r\n0\r\n\r\n")
    assert b"1\r\nx\r\n" in await reader.read()
    fact = await net.fact()
    assert fact.sample.endswith(b"\r\n\r\n1\r\nx\r\n0\r\n\r\n")
    await closed(writer)


async def test_a_server_that_answers_before_it_has_read_everything(make_net, serve):
    async def hasty(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")

    port = await serve(hasty)
    net = await make_net(f"127.0.0.1:{port}")
    host = b"127.0.0.1:%d" % port
    head = (
        b"POST http://"
        + host
        + b"/ HTTP/1.1\r\nHost: "
        + host
        + b"\r\nContent-Length: 99999\r\n\r\n"
    )
    got = await talk(*await net.connect(Role.PROXY), head + b"x" * 10)
    assert got.startswith(b"HTTP/1.1 413")
    assert (await net.fact()).decision == "allowed"


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"\0" * 40000]
)
async def test_a_server_that_answers_nonsense(make_net, serve, answer):
    async def nonsense(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    port = await serve(nonsense)
    net = await make_net(f"127.0.0.1:{port}")
    host = b"127.0.0.1:%d" % port
    got = await net.exchange(
        Role.PROXY, b"GET http://" + host + b"/ HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    )
    assert got.startswith(b"HTTP/1.1 502")
    fact = await net.fact()
    assert fact.decision == "allowed"
    assert net.server.fault is None


async def test_an_answer_that_breaks_off_does_not_look_complete(make_net, serve):
    async def half(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    port = await serve(half)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await net.connect(Role.PROXY)
    writer.write(b"GET http://127.0.0.1:%d/ HTTP/1.0\r\n\r\n" % port)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    fact = await net.fact()
    assert (fact.decision, fact.rule) == ("allowed", f"127.0.0.1:{port}")
    assert "malformed answer" in fact.detail
    await closed(writer)


async def test_what_is_allowed_and_not_there_is_no_refusal(make_net):
    with listener() as free:
        port = free.getsockname()[1]
    net = await make_net(f"127.0.0.1:{port}", "gone.example.com")
    connect = b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (port, port)
    assert (await net.exchange(Role.PROXY, connect)).startswith(b"HTTP/1.1 502")
    gone = b"GET http://gone.example.com/ HTTP/1.1\r\nHost: gone.example.com\r\n\r\n"
    assert b"could not be resolved" in await net.exchange(Role.PROXY, gone)
    facts = [await net.fact(1), await net.fact(2)]
    assert [fact.decision for fact in facts] == ["allowed", "allowed"]
    assert "refused" in facts[0].detail


async def test_a_name_is_dialled_at_the_address_that_was_checked(make_net, serve):
    port = await serve(echo)
    net = await make_net("example.com", upstream=port, names={"example.com": ["93.184.215.14"]})
    reader, writer = await net.connect(Role.PROXY)
    writer.write(b"CONNECT example.com:443 HTTP/1.0\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    assert net.dialled == [("93.184.215.14", 443)]
    await closed(writer)


async def test_transparent_http_by_name(make_net, serve):
    port = await serve(page)
    net = await make_net(f"example.com:{port}", "127.0.0.1", names={"example.com": ["127.0.0.1"]})
    query = dns.message.make_query("example.com", "A").to_wire()
    address = dns.message.from_wire(await net.query(query)).answer[0][0].address
    request = b"GET / HTTP/1.1\r\nHost: example.com:%d\r\nConnection: close\r\n\r\n" % port
    assert b"GET / HTTP/1.1" in await talk(*await net.to(address, port), request)
    fact = await net.fact(2)
    assert (fact.channel, fact.decision, fact.host) == ("http", "allowed", "example.com")
    assert (fact.address, fact.port) == ("", port)
    assert len(net.facts) == 2


async def test_a_denied_connection_is_listened_to_and_reset(make_net):
    net = await make_net()
    reader, writer = await net.to("203.0.113.9", 4444)
    writer.write(b"\x02secret")
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    fact = await net.fact()
    assert (fact.channel, fact.decision, fact.address, fact.port) == (
        "tcp", "denied", "203.0.113.9", 4444,
    )  # fmt: skip
    assert (fact.sent, fact.sample) == (7, b"\x02secret")
    await closed(writer)


@pytest.mark.parametrize("first", [b"\x02", b"GET / HTTP/1.1\r\nHost: evil.org\r\n\r\n"])
async def test_a_denied_connection_is_listened_to_so_far_and_no_further(make_net, first):
    net = await make_net(limits=EgressLimits(sample_seconds=30))
    _, writer = await net.to("203.0.113.9", 4444)
    with contextlib.suppress(ConnectionError):
        writer.write(first)
        await writer.drain()
        for _ in range(100):
            writer.write(bytes(100_000))
            await writer.drain()
    fact = await net.fact()
    assert 64 * 1024 <= fact.sent <= 2 * 64 * 1024 + 1000
    assert len(fact.sample) == 16 * 1024
    await closed(writer)


async def test_a_refusal_within_a_tunnel_is_a_reset(make_net, serve):
    port = await serve(echo)
    net = await make_net("example.com", upstream=port, names={"example.com": ["93.184.215.14"]})
    hello = client_hello("evil.org")
    reader, writer = await net.connect(Role.PROXY)
    writer.write(b"CONNECT example.com:443 HTTP/1.0\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.write(hello)
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    fact = await net.fact()
    assert (fact.rule, fact.sent, fact.sample) == ("tls-name-mismatch", len(hello), hello)
    await closed(writer)


async def test_http_to_a_server_that_spoke_first_is_refused(make_net, serve):
    async def mail(reader, writer):
        writer.write(b"220 hello\r\n")
        assert await reader.read() == b""

    port = await serve(mail)
    net = await make_net("example.com", upstream=port, names={"example.com": ["93.184.215.14"]})
    reader, writer = await net.connect(Role.PROXY)
    writer.write(b"CONNECT example.com:8080 HTTP/1.0\r\n\r\n")
    await reader.readuntil(b"220 hello\r\n")
    writer.write(b"GET / HTTP/1.1\r\nHost: evil.org\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    assert (await net.fact()).rule == "not-http"
    await closed(writer)


async def test_a_connection_to_the_gates_own_port(make_net):
    net = await make_net("127.0.0.1")
    reader, writer = await net.to("127.0.0.1", net.ports[Role.TCP4])
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    assert (await net.fact()).rule == "own-listener"
    assert net.dialled == []
    await closed(writer)


async def test_a_connection_whose_destination_is_not_known(make_net):
    net = await make_net("127.0.0.1", destination=OSError(2, "no entry"))
    reader, writer = await net.connect(Role.TCP4)
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    assert (await net.fact()).rule == "no-destination"
    await closed(writer)


async def test_queries_over_tcp(make_net):
    net = await make_net("example.com")
    reader, writer = await net.connect(Role.DNS_TCP)
    wire = dns.message.make_query("example.com", "A").to_wire()
    writer.write((len(wire).to_bytes(2) + wire) * 2)
    for _ in range(2):
        reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        assert dns.message.from_wire(reply).answer
    await closed(writer)
    await net.fact(2)
    assert [fact.decision for fact in net.facts] == ["allowed", "allowed"]


async def test_slow_programs_cost_others_nothing(make_net, serve):
    port = await serve(page)
    net = await make_net(f"127.0.0.1:{port}")
    slow = [await net.connect(Role.PROXY) for _ in range(30)]
    for _, writer in slow:
        writer.write(b"GET http://example.com/ HT")
    host = b"127.0.0.1:%d" % port
    request = (
        b"GET http://" + host + b"/ HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
    )
    assert b"200 OK" in await net.exchange(Role.PROXY, request)
    await net.fact(31)
    assert [fact.rule for fact in net.facts].count("timeout") == 30
    for _, writer in slow:
        await closed(writer)


async def test_more_connections_than_the_limit_are_turned_away(make_net):
    net = await make_net(limits=EgressLimits(connections=3, idle_seconds=30))
    held = [await net.connect(Role.PROXY) for _ in range(3)]
    while net.server.active < 3:
        await asyncio.sleep(0)
    with contextlib.suppress(ConnectionError):  # the reset may come before connect(2) is done
        reader, writer = await net.to("203.0.113.9", 25)
        assert await reader.read() == b""
        await closed(writer)
    fact = await net.fact()
    assert (fact.rule, fact.address, fact.port) == ("too-many-connections", "203.0.113.9", 25)
    assert net.server.active == 3
    for _, held_writer in held:
        await closed(held_writer)


async def test_a_reader_that_does_not_read_holds_the_server_back(make_net, serve):
    written = 0

    async def firehose(reader, writer):
        nonlocal written
        writer.transport.set_write_buffer_limits(0)
        while True:
            writer.write(b"x" * 65536)
            written += 65536
            await writer.drain()

    port = await serve(firehose)
    net = await make_net(f"127.0.0.1:{port}", limits=EgressLimits(idle_seconds=0.5))
    _, writer = await open_tunnel(net, port)
    writer.transport.pause_reading()
    fact = await net.fact()
    assert "nothing moved" in fact.detail
    assert written < 32 * 1024 * 1024  # what the socket buffers of two connections hold
    writer.transport.abort()


async def test_stop_reports_what_is_open_and_closes_it(make_net, serve):
    port = await serve(echo)
    net = await make_net(f"127.0.0.1:{port}")
    tunnel = await open_tunnel(net, port)
    tunnel[1].write(b"\x01abc")
    assert await tunnel[0].readexactly(4) == b"\x01abc"
    partial = await net.connect(Role.PROXY)
    partial[1].write(b"GET http://evil.org/ HT")
    idle = await net.connect(Role.PROXY)
    await net.server.stop()
    assert sorted((fact.decision, fact.rule, fact.sent) for fact in net.facts) == [
        ("allowed", f"127.0.0.1:{port}", 4),
        ("denied", "timeout", 23),
    ]
    assert net.server.active == 0
    assert net.server.fault is None
    for reader, writer in (tunnel, partial, idle):
        with contextlib.suppress(ConnectionError):
            await reader.read()
        await closed(writer)
    with pytest.raises(ConnectionRefusedError):
        await net.connect(Role.PROXY)


async def test_stop_takes_what_still_waits_in_the_kernel(make_net):
    net = await make_net()
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
        net.wanted.append(net.destination("203.0.113.9", 4444))
        stream.connect(("127.0.0.1", net.ports[Role.TCP4]))
        stream.sendall(b"\x01last words")
        for number in range(100):
            datagram.sendto(b"%d" % number, ("127.0.0.1", net.ports[Role.UDP4]))
        datagram.sendto(b"no query", ("127.0.0.1", net.ports[Role.DNS4]))
        await net.server.stop()
    channels = [fact.channel for fact in net.facts]
    assert (channels.count("udp"), channels.count("dns"), channels.count("tcp")) == (100, 1, 1)
    assert [fact.sample for fact in net.facts if fact.channel == "tcp"] == [b"\x01last words"]


async def test_settle_returns_when_a_denied_connection_is_reported(make_net):
    net = await make_net()
    _, writer = await net.to("203.0.113.9", 4444)
    while not net.server.active:
        await asyncio.sleep(0)
    assert net.server.pending == 1
    await net.server.settle(5)
    assert net.server.pending == 0
    assert len(net.facts) == 1
    await closed(writer)


STREAMS = [Role.PROXY, Role.TCP4, Role.DNS_TCP]


@pytest.mark.parametrize(
    ("role", "shutdown"),
    [(role, False) for role in (*STREAMS, Role.DNS4, Role.UDP4)]
    + [(role, True) for role in STREAMS],
)
async def test_a_lost_socket_is_a_fault(make_net, role, shutdown):
    net = await make_net()
    if shutdown:
        net.sockets[role].shutdown(socket.SHUT_RDWR)
    else:
        net.sockets[role].close()
    await net.server.stop()
    assert net.server.fault is not None
    assert role in net.server.fault


async def test_datagrams_that_were_lost_are_a_fault(make_net):
    net = await make_net()
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        for _ in range(20_000):  # more than the receive queue holds; the loop does not turn here
            sock.sendto(bytes(1000), ("127.0.0.1", net.ports[Role.UDP4]))
    await net.fact(1)
    async with asyncio.timeout(5):
        while net.server.fault is None:
            await net.datagram(b"x")
            await asyncio.sleep(0)
    assert "udp4" in net.server.fault


async def test_a_fault_in_a_connection_is_shown_and_recorded(make_net):
    net = await make_net("example.com", names={"example.com": ["no address"]})
    writer = (await net.connect(Role.PROXY))[1]
    writer.write(b"CONNECT example.com:443 HTTP/1.0\r\n\r\n")
    fact = await net.fact()
    assert (fact.decision, fact.rule) == ("denied", "proxy-fault")
    assert net.server.fault is not None
    await closed(writer)


async def test_an_observer_that_fails_is_a_fault(make_net):
    def observe(_: EgressObserved) -> None:
        raise OSError("disk full")

    net = await make_net(observe=observe)
    await net.query(dns.message.make_query("example.com", "A").to_wire())
    assert net.server.fault is not None
    assert net.server.facts == 0
