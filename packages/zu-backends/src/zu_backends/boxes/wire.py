"""What the harness and its box helper say to each other over SEQPACKET sockets.

Each packet is one message, a JSON array of the type's name and its fields; descriptors
travel beside it. The helper runs without site-packages, so this uses the standard library
only. Three sockets carry them:

- control socket, harness to helper: `OpenBox` with [box socket].
- box socket, holder to harness: `Ready` with [root directory, pidfd, *listeners] or
  `Failed`, later `Exited`. Harness to holder: `RunProgram` with [stdin, stdout, stderr,
  options, command, run socket, (control)] and `KillProgram`. Closing it ends the box.
- run socket, runner to harness: `Held` with [notify descriptor] or `Failed`; harness to
  runner: `Go`. It closes when bwrap is executed.
"""

import json
import socket
from typing import Any, Final, NamedTuple

MAX_MESSAGE: Final = 1 << 17
MAX_DESCRIPTORS: Final = 32


class OpenBox(NamedTuple):
    """Make a box.

    Attributes:
        sources: host paths of the read-only mounts, in the order of `targets`.
        targets: where each is staged, relative to the staging directory.
        placeholders: files ("path") and directories ("path/") to create for mount points,
            relative to the staging directory.
        rlimits: name without "RLIMIT_", value.
        bwrap: the program to execute, as a path in the holder.
        uid, gid: what a privileged helper becomes first.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    placeholders: tuple[str, ...]
    rlimits: tuple[tuple[str, int], ...]
    disk_bytes: int
    disk_inodes: int
    bwrap: str
    uid: int
    gid: int


class Ready(NamedTuple):
    """A box stands; `listeners` names the sockets that came along."""

    listeners: tuple[str, ...]


class Failed(NamedTuple):
    """A step failed; what would become an `Unavailable`."""

    message: str
    advice: str


class RunProgram(NamedTuple):
    """Start a program; `run` is a number that the harness chose."""

    run: int
    control: bool


class KillProgram(NamedTuple):
    """End program `run` and its descendants."""

    run: int


class Held(NamedTuple):
    """The runner waits for `Go` behind its filter."""


class Go(NamedTuple):
    """Execute bwrap."""


class Exited(NamedTuple):
    """Program `run` and all its descendants are gone.

    Attributes:
        code: exit status as a shell reports it.
        cpu_seconds: user and system time of all of them.
        peak_memory_bytes: the largest resident set of any one of them.
        executed: whether bwrap came as far as executing the program.
    """

    run: int
    code: int
    cpu_seconds: float
    peak_memory_bytes: int
    executed: bool


Message = OpenBox | Ready | Failed | RunProgram | KillProgram | Held | Go | Exited

_TYPES: Final[dict[str, type[Message]]] = {
    kind.__name__: kind
    for kind in (OpenBox, Ready, Failed, RunProgram, KillProgram, Held, Go, Exited)
}


def encode(message: Message) -> bytes:
    """Return the packet of `message`."""
    return json.dumps([type(message).__name__, *message]).encode("ascii")


def decode(packet: bytes) -> Message:
    """Return the message of `packet`; arrays become tuples.

    Raises:
        ValueError: it is not one of the messages above.
    """
    values = json.loads(packet)
    kind = _TYPES.get(values[0]) if isinstance(values, list) and values else None
    if kind is None or len(values) != len(kind._fields) + 1:
        raise ValueError(f"not a message: {packet[:80]!r}")
    return kind(*(_frozen(value) for value in values[1:]))


def send(sock: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    """Send `message` as one packet."""
    socket.send_fds(sock, [encode(message)], descriptors)


def receive(sock: socket.socket) -> tuple[Message | None, tuple[int, ...]]:
    """Return the next message and its descriptors; None at the end of the stream."""
    packet, descriptors, _flags, _address = socket.recv_fds(sock, MAX_MESSAGE, MAX_DESCRIPTORS)
    return (decode(packet) if packet else None), tuple(descriptors)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
