"""Opens the listeners of a box in a network namespace and sends them; a program of its own.

    python -I -S netns.py SOCKET DIRECTORY... [--enter PID]

SOCKET is a descriptor number or the path of a SEQPACKET socket, a DIRECTORY is where
zu_backends or zu_core lies. With --enter it joins the network of PID first, which takes
CAP_SYS_ADMIN over it; without, it runs in the right container already. It is a process of
its own because setns(2) would change a thread of the harness for good.
"""

import os
import socket
import sys

if __name__ == "__main__":
    sys.path += [one for one in sys.argv[2:] if one.startswith("/")]

from zu_backends.boxes import wire
from zu_backends.boxes.listeners import prepare_network
from zu_backends.boxes.mechanism import needs
from zu_backends.kernel.setns import enter_network
from zu_core.errors import Unavailable


def serve(sock: socket.socket, pid: int | None) -> None:
    """Send `Ready` with the listeners, or `Failed`."""
    try:
        if pid is not None:
            with needs("the network of the box"):
                enter_network(pid)
        listeners = prepare_network()
    except Unavailable as error:
        wire.send(sock, wire.Failed(error.message, error.advice))
    else:
        fds = tuple(one.fileno() for one in listeners.values())
        wire.send(sock, wire.Ready(tuple(listeners)), fds)


def main(arguments: list[str]) -> None:
    """Connect and serve."""
    place, *rest = arguments
    if place.isdigit():
        sock = socket.socket(fileno=int(place))
    else:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.connect(place)
    pid = int(rest[-1]) if "--enter" in rest else None
    os.chdir("/")
    serve(sock, pid)


if __name__ == "__main__":
    main(sys.argv[1:])
