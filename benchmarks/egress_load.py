"""Programs that load a proxy, each a process of its own: `python -m benchmarks.egress_load`.

Plain sockets and epoll, so that they cost as little as Python can, and the same for
every proxy. Results are one JSON value on standard output.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from typing import NoReturn

CHUNK = 256 * 1024
_RESET = struct.pack("ii", 1, 0)  # no TIME_WAIT on the client's side, socket(7)
_GO = b"\x01go"


def server(body: int) -> None:
    """Answer each message of a connection: with `body` octets, or with itself if 0."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(listener.getsockname()[1], flush=True)
    if body:
        _serve_bodies(listener, body)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()] = client
                poll.register(client, select.EPOLLIN)
            elif not _echo(clients[number]):
                clients.pop(number).close()


def _serve_bodies(listener: socket.socket, body: int) -> NoReturn:
    """A process for each connection: a reader that stops must hold up nobody else."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies, wait(2)
    data = os.urandom(CHUNK)
    while True:
        client, _ = listener.accept()
        if os.fork() == 0:
            if client.recv(65536):
                with contextlib.suppress(OSError):
                    for _ in range(body // CHUNK):
                        client.sendall(data)
            os._exit(0)
        client.close()


def _echo(client: socket.socket) -> bool:
    try:
        asked = client.recv(65536)
        client.sendall(asked)
    except OSError:
        return False
    return bool(asked)


def connect(proxy: int, target: int) -> socket.socket:
    """A connection to `target` through the proxy at `proxy`; straight to it where that is 0."""
    sock = socket.create_connection(("127.0.0.1", proxy or target))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if proxy > 0:
        sock.sendall(_connect(target))
        head = b""
        while b"\r\n\r\n" not in head:
            more = sock.recv(4096)
            if not more:
                raise ConnectionError(f"the proxy closed after {head!r}")
            head += more
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise ConnectionError(f"the proxy said {head!r}")
    return sock


def _connect(target: int) -> bytes:
    return b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (target, target)


def fetch(proxy: int, target: int, body: int) -> float:
    """Seconds that it takes to read `body` octets."""
    with connect(proxy, target) as sock:
        started = time.perf_counter()
        sock.sendall(_GO)
        room, left = bytearray(CHUNK), body
        while left and (got := sock.recv_into(room)):
            left -= got
        if left:
            raise ConnectionError(f"{left} octets of {body} did not come")
        return time.perf_counter() - started


def round_trips(proxy: int, target: int, count: int) -> list[float]:
    """Microseconds of each message of 64 octets and its echo on one connection."""
    message, times = b"\x01" * 64, []
    with connect(proxy, target) as sock:
        for _ in range(count):
            started = time.perf_counter()
            sock.sendall(message)
            sock.recv(4096)
            times.append((time.perf_counter() - started) * 1e6)
    return times[count // 10 :]


def hold(proxy: int, target: int, count: int) -> list[float]:
    """Open `count` connections, use each one three times, by turns; milliseconds of each use."""
    held = [connect(proxy, target) for _ in range(count)]
    times = []
    for _ in range(3):
        for sock in held:
            started = time.perf_counter()
            sock.sendall(_GO)
            if sock.recv(64) != _GO:
                raise ConnectionError("a held connection lost what was sent")
            times.append((time.perf_counter() - started) * 1e3)
    return times


class _Opening:
    """One connection of `rate`: connect, CONNECT, one message and its echo, close."""

    def __init__(self, proxy: int, target: int, poll: select.epoll) -> None:
        self._sock = socket.socket()
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.number = self._sock.fileno()
        self._poll = poll
        self._said = _connect(target) if proxy > 0 else _GO
        self._tunnel = proxy > 0
        self._sock.connect_ex(("127.0.0.1", proxy or target))
        poll.register(self.number, select.EPOLLOUT)

    def ready(self, event: int) -> bool:
        """Do the next step; True when the connection is over."""
        if event & select.EPOLLOUT:
            self._sock.send(self._said)
            self._poll.modify(self.number, select.EPOLLIN)
            return False
        got = self._sock.recv(4096)
        if self._tunnel:
            if b" 200 " not in got:
                raise ConnectionError(f"the proxy said {got!r}")
            self._tunnel = False
            self._sock.send(_GO)
            return False
        if got != _GO:
            raise ConnectionError(f"the echo was {got!r}")
        self._poll.unregister(self.number)
        self._sock.close()
        return True


def rate(proxy: int, target: int, seconds: float, at_once: int) -> float:
    """Connections opened, used and closed in one second."""
    poll = select.epoll()
    running: dict[int, _Opening] = {}
    done, started = 0, time.perf_counter()

    def begin() -> None:
        opening = _Opening(proxy, target, poll)
        running[opening.number] = opening

    for _ in range(at_once):
        begin()
    while (now := time.perf_counter()) < started + seconds:
        for number, event in poll.poll(1):
            if running[number].ready(event):
                del running[number]
                done += 1
                begin()
    return done / (now - started)


def slow_heads(proxy: int, count: int) -> None:
    """Hold `count` connections whose request heads never end, a few octets at a time."""
    held: list[socket.socket] = []
    print("ready", flush=True)
    while True:
        while len(held) < count:
            sock = socket.create_connection(("127.0.0.1", proxy))
            sock.sendall(b"GET http://127.0.0.1/ HTTP/1.1\r\nX-Slow: ")
            held.append(sock)
        for sock in held[:]:
            try:
                sock.send(b"a" * 16)
            except OSError:
                sock.close()
                held.remove(sock)
        time.sleep(0.02)


def slow_readers(proxy: int, target: int, count: int) -> None:
    """Ask for bodies on `count` connections and read none of them."""
    held = [connect(proxy, target) for _ in range(count)]
    for sock in held:
        sock.sendall(_GO)
    print("ready", flush=True)
    sys.stdin.read()


_PROGRAMS = {
    "server": server,
    "fetch": fetch,
    "round_trips": round_trips,
    "hold": hold,
    "rate": rate,
    "slow_heads": slow_heads,
    "slow_readers": slow_readers,
}

if __name__ == "__main__":
    result = _PROGRAMS[sys.argv[1]](*map(int, sys.argv[2:]))  # type: ignore[operator]
    if result is not None:
        print(json.dumps(result))
