"""Things of the host that a self-probe must not be able to reach.

None of them is a file that is made for it: a harness that is killed leaves nothing.
"""

import os
import secrets
import socket
from collections.abc import Sequence
from typing import Final, NamedTuple

NAMESPACES: Final = ("pid", "net", "user", "mnt", "ipc", "uts")

# Places where hosts keep what is private; those that are missing are left out.
_PLACES: Final = (
    "/",
    "/boot",
    "/dev",
    "/dev/shm",  # noqa: S108 - the host's, to be missed in the box
    "/etc",
    "/etc/passwd",
    "/home",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/srv",
    "/sys",
    "/tmp",  # noqa: S108 - the host's, to be missed in the box
    "/var",
    "/var/tmp",  # noqa: S108 - the host's, to be missed in the box
)


class Bait:
    """What stands on the host for one probe to look for; `close` takes it away.

    Attributes:
        nonce: random text that marks all that the probe does.
        abstract_socket: name of a listening socket without a path.
    """

    def __init__(self) -> None:
        self.nonce = "zu" + secrets.token_hex(8)
        self.abstract_socket = self.nonce
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._listener.bind("\0" + self.abstract_socket)
            self._listener.listen(1)
        except OSError:
            self._listener.close()
            raise

    def close(self) -> None:
        """Close the socket; a second call does nothing."""
        self._listener.close()


class HostFile(NamedTuple):
    """What a path is on the host: the same device and inode in a box is the same file."""

    path: str
    device: int
    inode: int


def host_files(mounts: Sequence[str]) -> tuple[HostFile, ...]:
    """Identify places of the host that a box with `mounts` does not show.

    Directories above a mount count: a box has its own in their place.
    """
    found = []
    for path in _PLACES:
        if any(path == mount or path.startswith(mount + "/") for mount in mounts):
            continue
        try:
            known = os.stat(path)
        except OSError:
            continue
        found.append(HostFile(path, known.st_dev, known.st_ino))
    return tuple(found)


def own_namespaces() -> tuple[str, ...]:
    """Return the namespaces of this process, as /proc/self/ns tells them."""
    return tuple(os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES)
