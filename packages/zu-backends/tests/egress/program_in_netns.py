"""A program in a network namespace of its own, prepared as a box's is.

Sends the listening sockets over the socket whose number is its argument, then runs each
line of its input (an expression in JSON) and writes the repr of its result as JSON.
"""

import contextlib
import json
import os
import socket
import sys

from zu_backends.boxes.listeners import prepare_network
from zu_backends.kernel import libc, namespaces


def tcp(address: str, port: int, data: bytes) -> bytes:
    """Connect, send, read until the end; a reset is the end."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(5)
        sock.connect((address, port))
        got = b""
        with contextlib.suppress(ConnectionError):
            sock.sendall(data)
            while more := sock.recv(65536):
                got += more
        return got


def udp(address: str, port: int, data: bytes, answers: int = 1) -> list[tuple[bytes, str]]:
    """Send a datagram; the answers and who they came from."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(data, (address, port))
        return [(got, sender[0]) for got, sender in (sock.recvfrom(65536) for _ in range(answers))]


def main() -> None:
    """Prepare the namespace, hand the sockets over, run what is asked."""
    uid, gid = os.getuid(), os.getgid()
    libc.unshare(libc.CLONE_NEWUSER | libc.CLONE_NEWNET)
    namespaces.map_single_user(uid, uid, gid)
    listeners = prepare_network()
    with socket.socket(fileno=int(sys.argv[1])) as harness:
        fds = [sock.fileno() for sock in listeners.values()]
        socket.send_fds(harness, [json.dumps(list(listeners)).encode()], fds)
    for sock in listeners.values():
        sock.close()
    for line in sys.stdin:
        try:
            result = eval(json.loads(line))
        except OSError as error:
            result = error
        sys.stdout.write(json.dumps(repr(result)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
