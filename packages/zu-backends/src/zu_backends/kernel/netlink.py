"""Netlink messages and the three rtnetlink requests that a box's network needs.

Layouts: netlink(7), rtnetlink(7), linux/rtnetlink.h.
"""

import os
import socket
import struct
from collections.abc import Sequence
from types import TracebackType
from typing import Final, NamedTuple, Self

NETLINK_ROUTE: Final = 0
NETLINK_NETFILTER: Final = 12

REQUEST: Final = 0x1
ACK: Final = 0x4
CREATE: Final = 0x400
APPEND: Final = 0x800

_NESTED: Final = 0x8000
_ERROR: Final = 2
_HEADER: Final = struct.Struct("=IHHII")

_RTM_NEWLINK: Final = 16
_RTM_NEWROUTE: Final = 24
_IFF_UP: Final = 1
_RTA_OIF: Final = 4
_RTA_PREFSRC: Final = 7
_TABLE_LOCAL: Final = 255
_PROTOCOL_STATIC: Final = 4
_SCOPE: Final = {socket.AF_INET: 254, socket.AF_INET6: 0}  # host; IPv6 knows no other than 0
_TYPE_LOCAL: Final = 2


class Message(NamedTuple):
    """One request: its type, the flags beside REQUEST, and the body behind the header."""

    kind: int
    flags: int
    body: bytes


def attribute(kind: int, value: bytes) -> bytes:
    """Return `value` as attribute `kind`, padded to four bytes."""
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    """Return `attributes` as one attribute `kind`."""
    return attribute(kind | _NESTED, b"".join(attributes))


def encode(message: Message, sequence: int) -> bytes:
    """Return `message` with its header."""
    length = _HEADER.size + len(message.body)
    flags = REQUEST | message.flags
    return _HEADER.pack(length, message.kind, flags, sequence, 0) + message.body


def parse_acks(data: bytes) -> dict[int, int]:
    """Return the error number (0: none) for each sequence number that `data` acknowledges."""
    found: dict[int, int] = {}
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _flags, sequence, _port = _HEADER.unpack_from(data, offset)
        if kind == _ERROR:
            found[sequence] = -struct.unpack_from("=i", data, offset + _HEADER.size)[0]
        offset += max((length + 3) & ~3, _HEADER.size)
    return found


class Connection:
    """A netlink socket; speaks to the network namespace that it was opened in."""

    def __init__(self, protocol: int) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def request(self, messages: Sequence[Message], what: str) -> None:
        """Send `messages` as one datagram and wait for every answer that was asked for.

        Raises:
            OSError: the kernel refused one of them; `what` is its file name.
        """
        self._socket.send(b"".join(encode(one, number) for number, one in enumerate(messages)))
        waiting = {number for number, one in enumerate(messages) if one.flags & ACK}
        while waiting:
            for number, error in parse_acks(self._socket.recv(65536)).items():
                if error:
                    raise OSError(error, os.strerror(error), what)
                waiting.discard(number)


def bring_loopback_up() -> None:
    """Do `ip link set lo up`."""
    index = socket.if_nametoindex("lo")
    body = struct.pack("=BBHiII", socket.AF_UNSPEC, 0, 0, index, _IFF_UP, _IFF_UP)
    _route(Message(_RTM_NEWLINK, ACK, body), "bring loopback up")


def make_every_address_local(family: int) -> None:
    """Do `ip [-6] route add local default dev lo src ADDRESS` ("AnyIP").

    The source is 127.0.0.1 or ::1: with any other, a reply would look like a packet of
    the tool and go round for ever.
    """
    source = "127.0.0.1" if family == socket.AF_INET else "::1"
    header = struct.pack(
        "=BBBBBBBBI",
        family,
        0,
        0,
        0,
        _TABLE_LOCAL,
        _PROTOCOL_STATIC,
        _SCOPE[socket.AddressFamily(family)],
        _TYPE_LOCAL,
        0,
    )
    loopback = struct.pack("=I", socket.if_nametoindex("lo"))
    body = header + attribute(_RTA_OIF, loopback)
    body += attribute(_RTA_PREFSRC, socket.inet_pton(family, source))
    _route(Message(_RTM_NEWROUTE, ACK | CREATE, body), "route every address to loopback")


def _route(message: Message, what: str) -> None:
    with Connection(NETLINK_ROUTE) as connection:
        connection.request([message], what)
