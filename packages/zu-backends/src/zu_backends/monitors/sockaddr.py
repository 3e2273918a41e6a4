"""`struct sockaddr` as family and address; pure. Sources: ip(7), ipv6(7), unix(7)."""

import socket
import struct
import sys
from typing import Final

import msgspec


class Address(msgspec.Struct, frozen=True):
    """Where a socket was asked to connect.

    Attributes:
        family: "inet", "inet6", "unix", "unspec" (dissolves an association), or
            "family N".
        text: "host:port", "[host]:port", a path, "@name" for an abstract socket (its
            NUL bytes written as "\\0"), or the bytes in hex for other families.
    """

    family: str
    text: str


_SHORT: Final[dict[int, str]] = {socket.AF_INET: "inet", socket.AF_INET6: "inet6"}

UNREADABLE: Final = Address("unreadable", "")


def parse_sockaddr(raw: bytes) -> Address:
    """Return what `raw`, the bytes given to connect(2), names.

    A structure that is too short for its family is given in hex: the kernel refuses it,
    but that it was tried is a fact. sockaddr_in6 may lack its scope id (24 bytes, RFC
    2133), which the kernel accepts.
    """
    if len(raw) < 2:
        return Address("unspec", raw.hex())
    family = int.from_bytes(raw[:2], sys.byteorder)
    if family == socket.AF_INET and len(raw) >= 8:
        port, host = struct.unpack_from("!H4s", raw, 2)
        return Address("inet", f"{socket.inet_ntop(socket.AF_INET, host)}:{port}")
    if family == socket.AF_INET6 and len(raw) >= 24:
        port, host = struct.unpack_from("!H4x16s", raw, 2)
        scope = int.from_bytes(raw[24:28], sys.byteorder) if len(raw) >= 28 else 0
        zone = f"%{scope}" if scope else ""
        return Address("inet6", f"[{socket.inet_ntop(socket.AF_INET6, host)}{zone}]:{port}")
    if family == socket.AF_UNIX:
        return Address("unix", _unix_name(raw[2:]))
    if family == socket.AF_UNSPEC:
        return Address("unspec", raw[2:].hex())
    name = _SHORT.get(family, f"family {family}")
    return Address(name, raw[2:].hex())


def _unix_name(name: bytes) -> str:
    """A path ends at its first NUL; an abstract name begins with one and uses all bytes."""
    if name.startswith(b"\0"):
        return "@" + name[1:].decode("utf-8", "backslashreplace").replace("\0", "\\0")
    return name.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
