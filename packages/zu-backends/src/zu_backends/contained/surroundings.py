"""Things of the host that a self-probe must not be able to reach, made for one probe."""

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

NAMESPACES = ("pid", "net", "user", "mnt", "ipc", "uts")


class Bait(NamedTuple):
    """What lies on the host for the probe to look for.

    Attributes:
        nonce: random text that marks all that the probe does.
        host_file: a world-readable file.
        abstract_socket: name of a listening socket without a path.
        namespaces: of this process, as /proc/self/ns tells them.
    """

    nonce: str
    host_file: str
    abstract_socket: str
    namespaces: tuple[str, ...]


@contextmanager
def bait() -> Iterator[Bait]:
    """Lay the bait and take it away again."""
    nonce = "zu" + secrets.token_hex(8)
    with (
        tempfile.NamedTemporaryFile(prefix=f"{nonce}-", suffix=".probe") as file,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
    ):
        Path(file.name).chmod(0o644)
        listener.bind("\0" + nonce)
        listener.listen(1)
        yield Bait(
            nonce=nonce,
            host_file=file.name,
            abstract_socket=nonce,
            namespaces=tuple(os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES),
        )
