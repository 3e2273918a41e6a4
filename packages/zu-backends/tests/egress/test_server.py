"""The server as a program in a box meets it."""

import asyncio

import dns.message

from zu_backends.egress import Role

from .conftest import talk


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    body = b"you sent:" + head
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()


async def test_connect_tunnel(make_net, serve):
    port = await serve(echo)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await net.connect(Role.PROXY)
    writer.write(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (port, port))
    assert b"200" in await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x01hello")
    assert await reader.readexactly(6) == b"\x01hello"
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    fact = await net.fact()
    assert (fact.channel, fact.decision, fact.rule) == ("http", "allowed", f"127.0.0.1:{port}")
    assert (fact.sent, fact.received, fact.sample) == (6, 6, b"\x01hello")


async def test_connect_denied(make_net):
    net = await make_net()
    got = await net.exchange(
        Role.PROXY, b"CONNECT evil.example.org:443 HTTP/1.1\r\nHost: evil.example.org:443\r\n\r\n"
    )
    assert got.startswith(b"HTTP/1.1 403")
    assert b'egress = ["evil.example.org:443"]' in got
    assert b"--egress evil.example.org:443" in got
    fact = await net.fact()
    assert (fact.decision, fact.rule, fact.host, fact.port) == (
        "denied",
        "not-declared",
        "evil.example.org",
        443,
    )


async def test_forward(make_net, serve):
    port = await serve(page)
    net = await make_net(f"127.0.0.1:{port}")
    url = b"http://127.0.0.1:%d/x?y=1" % port
    request = (
        b"GET "
        + url
        + b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nProxy-Authorization: x\r\nX-A: b\r\n\r\n" % port
    )
    reader, writer = await net.connect(Role.PROXY)
    got = await talk(reader, writer, request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert b"GET /x?y=1 HTTP/1.1" in got
    assert b"X-A: b" in got
    assert b"Proxy-" not in got
    fact = await net.fact()
    assert fact.decision == "allowed"


async def test_transparent_denied(make_net):
    net = await make_net()
    reader, writer = await net.to("203.0.113.9", 4444)
    writer.write(b"\x02secret")
    await writer.drain()
    try:
        assert await reader.read() == b""
    except ConnectionResetError:
        pass
    fact = await net.fact()
    assert (fact.channel, fact.decision, fact.address, fact.port) == (
        "tcp",
        "denied",
        "203.0.113.9",
        4444,
    )
    assert fact.sample == b"\x02secret"
    writer.close()


async def test_dns_and_transparent_http(make_net, serve):
    port = await serve(page)
    net = await make_net(
        f"api.example.com:{port}", "127.0.0.1", names={"api.example.com": ["127.0.0.1"]}
    )
    reply = dns.message.from_wire(
        await net.query(dns.message.make_query("api.example.com", "A").to_wire())
    )
    address = reply.answer[0][0].address
    assert address.startswith("198.18.")
    reader, writer = await net.to(address, port)
    got = await talk(
        reader,
        writer,
        b"GET / HTTP/1.1\r\nHost: api.example.com:%d\r\nConnection: close\r\n\r\n" % port,
    )
    assert b"you sent:" in got
    fact = await net.fact(2)
    assert (fact.channel, fact.decision, fact.host) == ("http", "allowed", "api.example.com")
