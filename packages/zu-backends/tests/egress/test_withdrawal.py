"""A policy may change while connections are open."""

import dns.message
import pytest

from zu_backends.egress import EgressPolicy, Role
from zu_core.hosts import Allowlist

from .conftest import closed, echo, open_tunnel


async def test_a_tunnel_ends_when_its_policy_is_withdrawn(make_net, serve):
    port = await serve(echo)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await open_tunnel(net, port)
    writer.write(b"\x01live")
    assert await reader.readexactly(5) == b"\x01live"
    net.server.withdraw()
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    fact = await net.fact()
    assert (fact.decision, fact.rule, fact.sent) == ("allowed", f"127.0.0.1:{port}", 5)
    assert "withdrawn" in fact.detail
    connect = b"CONNECT 127.0.0.1:%d HTTP/1.0\r\n\r\n" % port
    assert (await net.exchange(Role.PROXY, connect)).startswith(b"HTTP/1.1 403")
    assert net.server.fault is None
    await closed(writer)


async def test_a_tunnel_that_the_new_policy_allows_lives_on(make_net, serve):
    port = await serve(echo)
    net = await make_net(f"127.0.0.1:{port}")
    reader, writer = await net.to("127.0.0.1", port)
    writer.write(b"\x01")
    await reader.readexactly(1)
    net.server.replace_policy(EgressPolicy(Allowlist.parse([f"127.0.0.0/8:{port}"])))
    writer.write(b"\x02")
    assert await reader.readexactly(1) == b"\x02"
    assert net.facts == []
    await closed(writer)


async def test_names_that_were_withdrawn_do_not_exist(make_net):
    net = await make_net("example.com")
    query = dns.message.make_query("example.com", "A").to_wire()
    assert dns.message.from_wire(await net.query(query)).answer
    net.server.withdraw()
    assert not dns.message.from_wire(await net.query(query)).answer
