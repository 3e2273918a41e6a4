"""A gate on loopback: its listeners, what it was told, and an upstream to reach."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

import pytest

from zu_backends.egress import EgressLimits, EgressPolicy, EgressServer, Role
from zu_backends.egress.destination import Destination
from zu_backends.egress.policy import Address
from zu_backends.egress.upstream import dial_tcp
from zu_core.events import EgressObserved
from zu_core.hosts import Allowlist

QUICK = EgressLimits(
    sample_seconds=0.1,
    head_seconds=0.4,
    idle_seconds=2.0,
    resolve_seconds=0.5,
    dial_seconds=1.0,
    stop_seconds=0.5,
)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def listener(kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    sock = socket.socket(socket.AF_INET, kind)
    sock.bind(("127.0.0.1", 0))
    if kind is socket.SOCK_STREAM:
        sock.listen(128)
    return sock


@dataclass
class Net:
    """A running server. `wanted` is where redirected connections claim to go."""

    server: EgressServer
    sockets: dict[Role, socket.socket]
    ports: dict[Role, int]
    facts: list[EgressObserved]
    names: dict[str, list[str]]
    wanted: list[Destination] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    dialled: list[tuple[str, int]] = field(default_factory=list)

    @staticmethod
    def destination(address: str, port: int) -> Destination:
        return Destination(ip_address(address), port)

    async def connect(self, role: Role) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.ports[role])

    async def to(
        self, address: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect as a program that knows of no proxy."""
        self.wanted.append(self.destination(address, port))
        return await self.connect(Role.TCP4)

    async def exchange(self, role: Role, data: bytes) -> bytes:
        """Send `data`, read to the end."""
        reader, writer = await self.connect(role)
        return await talk(reader, writer, data)

    async def query(self, wire: bytes, *, reply: bool = True) -> bytes:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(("127.0.0.1", self.ports[Role.DNS4]))
            await loop.sock_sendall(sock, wire)
            if not reply:
                return b""
            return await asyncio.wait_for(loop.sock_recv(sock, 65536), 2)

    async def datagram(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(("127.0.0.1", self.ports[Role.UDP4]))
            await loop.sock_sendall(sock, data)

    async def fact(self, count: int = 1) -> EgressObserved:
        """The `count`th fact, waited for."""
        async with asyncio.timeout(5):
            while len(self.facts) < count:
                self.told.clear()
                await self.told.wait()
        return self.facts[count - 1]


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> bytes:
    got = b""
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
            async with asyncio.timeout(5):
                while more := await reader.read(65536):
                    got += more
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return got


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with what was sent, framed by chunks."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        body = head
        if b"chunked" in head.lower():
            body += await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        await writer.drain()


async def open_tunnel(net: Net, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await net.connect(Role.PROXY)
    writer.write(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (port, port))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    return reader, writer


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


MakeNet = Callable[..., Awaitable[Net]]


@pytest.fixture
async def make_net() -> AsyncIterator[MakeNet]:
    running: list[EgressServer] = []

    async def make(
        *allow: str,
        limits: EgressLimits = QUICK,
        upstream: int = 0,
        names: dict[str, list[str]] | None = None,
        observe: Callable[[EgressObserved], None] | None = None,
        destination: OSError | None = None,
    ) -> Net:
        """A server; with `upstream` every connection out goes to that port of loopback."""
        sockets = {
            Role.PROXY: listener(),
            Role.TCP4: listener(),
            Role.DNS_TCP: listener(),
            Role.DNS4: listener(socket.SOCK_DGRAM),
            Role.UDP4: listener(socket.SOCK_DGRAM),
        }
        ports = {role: sock.getsockname()[1] for role, sock in sockets.items()}
        table = names or {}

        def note(fact: EgressObserved) -> None:
            net.facts.append(fact)
            net.told.set()

        async def resolve(name: str) -> list[Address]:
            if name not in table:
                raise OSError(f"no such name: {name}")
            return [ip_address(text) for text in table[name]]

        def wanted(sock: socket.socket) -> Destination:
            if destination is not None:
                raise destination
            return net.wanted.pop(0)

        async def dial(address: Address, port: int) -> socket.socket:
            net.dialled.append((str(address), port))
            if upstream:
                return await dial_tcp(IPv4Address("127.0.0.1"), upstream)
            return await dial_tcp(address, port)

        server = EgressServer(
            sockets,
            EgressPolicy(Allowlist.parse(allow)),
            observe or note,
            resolve=resolve,
            dial=dial,
            destination=wanted,
            limits=limits,
        )
        net = Net(server, sockets, ports, [], table)
        await server.start()
        running.append(server)
        return net

    yield make
    for server in running:
        await server.stop()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[int]]]:
    """Start an upstream on loopback; returns its port."""
    servers: list[asyncio.Server] = []

    async def start(handler: Handler) -> int:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()
