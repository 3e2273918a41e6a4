"""The helper program: one single-threaded process per harness that forks the holders.

Started as `python -I -S helper.py CONTROL_FD DIRECTORY...`; the directories are where
zu_backends and zu_core lie. A process with threads, as a harness is, must not fork, and
what a box inherits is this small process and nothing of the harness.
"""

import gc
import os
import signal
import socket
import sys

if __name__ == "__main__":
    sys.path += sys.argv[2:]

from zu_backends.boxes import holder, wire
from zu_backends.boxes.mechanism import needs
from zu_backends.kernel import libc
from zu_backends.kernel.filters import Filters, build_filters
from zu_backends.kernel.syscalls import this_architecture
from zu_core.errors import Unavailable


def serve(control: socket.socket, programs: Filters) -> None:
    """Fork a holder for every request, until the harness closes `control` or dies."""
    read, write = os.pipe2(os.O_CLOEXEC)
    ids = os.geteuid(), os.getegid()
    while True:
        message, descriptors = wire.receive(control)
        if not isinstance(message, wire.OpenBox):
            return
        sock = socket.socket(fileno=descriptors[0])
        try:
            with needs("namespaces"):
                pid = libc.fork_into(holder.namespace_flags())
        except Unavailable as error:
            wire.send(sock, wire.Failed(error.message, error.advice))
        else:
            if pid == 0:
                control.close()
                os.close(write)
                holder.hold(message, sock, read, ids, programs)
        sock.close()


def main(arguments: list[str]) -> None:
    """Set the process up: children are reaped by the kernel, Ctrl-C is the harness's."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir("/")
    programs = build_filters(this_architecture())
    gc.freeze()
    serve(socket.socket(fileno=int(arguments[0])), programs)


if __name__ == "__main__":
    main(sys.argv[1:])
