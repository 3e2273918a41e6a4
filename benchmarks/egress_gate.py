"""Zu's network of a box as a process of its own, with its proxy and its transparent gate.

`python -m benchmarks.egress_gate TARGET_PORT...` prints the two ports. The transparent
gate takes every connection for one to the first target, as if nft had redirected it.
"""

import asyncio
import importlib.util
import socket
import sys
from ipaddress import IPv4Address

from zu_backends.egress import EgressLimits, EgressPolicy, EgressServer, Role
from zu_backends.egress.destination import Destination
from zu_core.events import EgressObserved
from zu_core.hosts import Allowlist

_LIMITS = EgressLimits(connections=8192, records=10_000_000, record_bytes=1 << 40)


async def serve(targets: list[int]) -> None:
    """Serve until standard input ends."""
    listeners = {
        role: socket.create_server(("127.0.0.1", 0), backlog=4096)
        for role in (Role.PROXY, Role.TCP4)
    }
    server = EgressServer(
        listeners,
        EgressPolicy(Allowlist.parse([f"127.0.0.1:{port}" for port in targets])),
        _forget,
        destination=lambda _: Destination(IPv4Address("127.0.0.1"), targets[0]),
        limits=_LIMITS,
    )
    await server.start()
    print(*(sock.getsockname()[1] for sock in listeners.values()), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()
    if server.fault is not None:
        raise SystemExit(server.fault)


def _forget(fact: EgressObserved) -> None:
    """The cost of a record is measured elsewhere; a peer here writes none."""


if __name__ == "__main__":
    ports = [int(port) for port in sys.argv[1:]]
    if importlib.util.find_spec("uvloop") is None:
        asyncio.run(serve(ports))
    else:
        uvloop = importlib.import_module("uvloop")
        uvloop.run(serve(ports))
