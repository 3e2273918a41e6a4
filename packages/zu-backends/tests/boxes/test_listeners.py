"""Where the packets of a box end, read from the sockets that the harness gets."""

import asyncio
import os
import socket
import struct
import sys

import pytest

from zu_backends.egress.roles import Role

PYTHON = os.path.realpath(sys.executable)
SO_ORIGINAL_DST = 80
TALK = """
import socket, sys
kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as sock:
    sock.settimeout(10)
    if kind == "tcp":
        sock.connect((address, port)); sock.sendall(b"ping"); print(sock.recv(99).decode())
    else:
        sock.sendto(b"ping", (address, port))
        if port == 53: print(*map(str, (lambda d, a: (d.decode(), a[0]))(*sock.recvfrom(99))))
"""


@pytest.fixture
def talk(bench, jail):
    async def talk(*arguments):
        result = await bench.python(jail, TALK, *map(str, arguments))
        return result.out.strip() or result.err

    return talk


def needs_ipv6(jail):
    if Role.TCP6 not in jail.listeners:
        pytest.skip("this machine has no IPv6")


async def accept(listener):
    listener.setblocking(False)
    async with asyncio.timeout(10):
        connection, _peer = await asyncio.get_running_loop().sock_accept(listener)
    return connection


async def datagram(listener):
    listener.setblocking(False)
    while True:
        try:
            return listener.recvmsg(100, 500)
        except BlockingIOError:
            await asyncio.sleep(0.005)


def original_destination(connection):
    if connection.family == socket.AF_INET:
        raw = connection.getsockopt(socket.IPPROTO_IP, SO_ORIGINAL_DST, 16)
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack(">H", raw[2:4])[0]
    raw = connection.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, 28)
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack(">H", raw[2:4])[0]


@pytest.mark.parametrize(
    ("role", "address", "port"),
    [
        (Role.TCP4, "203.0.113.9", 4444),
        (Role.TCP4, "169.254.169.254", 80),
        (Role.TCP4, "10.0.0.1", 53),
        (Role.TCP4, "192.168.1.1", 3128),
        (Role.TCP6, "2001:db8::1", 443),
        (Role.TCP6, "fd00::1", 22),
        (Role.TCP4, "::ffff:203.0.113.7", 99),
    ],
)
async def test_every_tcp_connection_ends_at_a_listener(jail, talk, role, address, port):
    if role is Role.TCP6:
        needs_ipv6(jail)
    asked = asyncio.create_task(talk("tcp", address, port))
    with await accept(jail.listeners[role]) as connection:
        assert original_destination(connection) == (address.removeprefix("::ffff:"), port)
        await asyncio.get_running_loop().sock_sendall(connection, b"answer")
        assert await asked == "answer"


@pytest.mark.parametrize(("role", "port"), [(Role.PROXY, 3128), (Role.DNS_TCP, 53)])
async def test_proxy_and_resolver_listen_on_loopback(jail, talk, role, port):
    asked = asyncio.create_task(talk("tcp", "127.0.0.1", port))
    with await accept(jail.listeners[role]) as connection:
        await asyncio.get_running_loop().sock_sendall(connection, b"answer")
        assert await asked == "answer"


@pytest.mark.parametrize(
    ("role", "address", "level", "option"),
    [(Role.UDP4, "203.0.113.9", 0, 20), (Role.UDP6, "2001:db8::9", 41, 74)],
)
async def test_datagrams_end_at_the_sink_with_their_destination(
    jail, talk, role, address, level, option
):
    if role is Role.UDP6:
        needs_ipv6(jail)
    await talk("udp", address, 4444)
    data, ancillary, _flags, _peer = await datagram(jail.listeners[role])
    told = {(one, kind): value for one, kind, value in ancillary}[level, option]
    family = socket.AF_INET if level == 0 else socket.AF_INET6
    offset, length = (4, 4) if level == 0 else (8, 16)
    assert data == b"ping"
    assert socket.inet_ntop(family, told[offset : offset + length]) == address
    assert struct.unpack(">H", told[2:4])[0] == 4444


@pytest.mark.parametrize(
    ("role", "address"),
    [(Role.DNS4, "8.8.8.8"), (Role.DNS4, "127.0.0.1"), (Role.DNS6, "2001:db8::53")],
)
async def test_every_resolver_is_ours_and_answers_under_its_own_address(jail, talk, role, address):
    if role is Role.DNS6:
        needs_ipv6(jail)
    asked = asyncio.create_task(talk("udp", address, 53))
    listener = jail.listeners[role]
    data, ancillary, _flags, peer = await datagram(listener)
    ((level, kind, info),) = ancillary
    assert data == b"ping"
    if level == socket.IPPROTO_IP:
        assert kind == 8
        assert socket.inet_ntoa(info[8:12]) == address
        reply = struct.pack("=i4s4s", 0, info[8:12], bytes(4))
    else:
        assert kind == 50
        assert socket.inet_ntop(socket.AF_INET6, info[:16]) == address
        reply = info[:16] + bytes(4)
    listener.sendmsg([b"pong"], [(level, kind, reply)], 0, peer)
    assert await asked == f"pong {address}"


async def test_the_sinks_can_not_be_taken_over(bench, jail):
    source = """
import errno, socket
for kind, address in ((1, "0.0.0.0"), (1, "203.0.113.9"), (2, "0.0.0.0"), (2, "203.0.113.9")):
    for port in (3129, 3130, 3128):
        sock = socket.socket(socket.AF_INET, kind)
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            sock.bind((address, port)); kind == 1 and sock.listen()
            print(kind, address, port)
        except OSError as error:
            assert error.errno == errno.EADDRINUSE
        sock.close()
"""
    taken = (await bench.python(jail, source)).out.splitlines()
    ours = [(1, 3129), (2, 3130)]
    assert not [one for one in taken if (int(one.split()[0]), int(one.split()[2])) in ours]


async def test_loopback_is_the_box_s_own(bench, jail):
    with socket.create_server(("127.0.0.1", 0)) as host:
        source = (
            "import socket, sys\n"
            "try: socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)\n"
            "except OSError as e: print(e.errno)"
        )
        result = await bench.python(jail, source, str(host.getsockname()[1]))
    assert result.out == "111\n"


async def test_abstract_sockets_of_the_host_are_not_there(bench, jail):
    with socket.socket(socket.AF_UNIX) as host:
        host.bind(b"\0zu-test-" + os.urandom(4).hex().encode())
        host.listen()
        source = (
            "import socket, sys\ns = socket.socket(socket.AF_UNIX)\n"
            "try: s.connect('\\0' + sys.argv[1])\nexcept OSError as e: print(e.errno)"
        )
        result = await bench.python(jail, source, host.getsockname()[1:].decode())
    assert result.out == "111\n"


async def test_a_flood_of_connections_is_taken(bench, jail):
    source = (
        "import socket\n"
        "for n in range(300): socket.create_connection(('203.0.113.1', 1 + n), 10)\nprint('done')"
    )
    assert (await bench.python(jail, source)).out == "done\n"
