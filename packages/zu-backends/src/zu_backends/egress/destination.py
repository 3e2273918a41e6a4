"""Where a redirected connection or a diverted datagram wanted to go (ip(7), ipv6(7)).

Option numbers are from linux/in.h, linux/in6.h and linux/netfilter_ipv4.h; the socket
module of Python lacks most of them.
"""

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from zu_backends.egress.policy import Address

SO_ORIGINAL_DST = 80  # IPv4 and IPv6 (IP6T_SO_ORIGINAL_DST) have the same number
IP_PKTINFO = 8
IP_RECVORIGDSTADDR = 20
IPV6_PKTINFO = 50
IPV6_RECVORIGDSTADDR = 74
IPV6_FREEBIND = 78  # lets a reply leave from an address that no interface has; Linux 4.15
SO_RXQ_OVFL = 40

_SOCKADDR_IN, _SOCKADDR_IN6 = 16, 28
Ancillary = Iterable[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class Destination:
    """An address and a port."""

    address: Address
    port: int


def original_destination(sock: socket.socket) -> Destination:
    """The destination of an accepted connection before nft redirected it.

    Raises:
        OSError: the connection was not redirected, or is not tracked.
    """
    if sock.family == socket.AF_INET6:
        return _sockaddr(sock.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, _SOCKADDR_IN6))
    return _sockaddr(sock.getsockopt(socket.IPPROTO_IP, SO_ORIGINAL_DST, _SOCKADDR_IN))


def _sockaddr(raw: bytes) -> Destination:
    """A sockaddr_in or sockaddr_in6; the port is in network order."""
    (port,) = struct.unpack_from("!H", raw, 2)
    if len(raw) >= _SOCKADDR_IN6:
        return Destination(IPv6Address(raw[8:24]), port)
    return Destination(IPv4Address(raw[4:8]), port)


def asked_address(ancillary: Ancillary) -> Address | None:
    """The address that a datagram was sent to, from IP_PKTINFO or IPV6_PKTINFO."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            return IPv4Address(data[8:12])  # in_pktinfo.ipi_addr
        if (level, kind) == (socket.IPPROTO_IPV6, IPV6_PKTINFO):
            return IPv6Address(data[:16])
    return None


def reply_from(address: Address) -> list[tuple[int, int, bytes]]:
    """Ancillary data that makes a reply leave from `address`."""
    if isinstance(address, IPv6Address):
        data = struct.pack("16sI", address.packed, 0)
        return [(socket.IPPROTO_IPV6, IPV6_PKTINFO, data)]
    data = struct.pack("i4s4s", 0, address.packed, bytes(4))  # ipi_spec_dst counts on sending
    return [(socket.IPPROTO_IP, IP_PKTINFO, data)]


def diverted_destination(ancillary: Ancillary) -> Destination | None:
    """The destination of a datagram that TPROXY diverted."""
    for level, kind, data in ancillary:
        if (level, kind) in (
            (socket.IPPROTO_IP, IP_RECVORIGDSTADDR),
            (socket.IPPROTO_IPV6, IPV6_RECVORIGDSTADDR),
        ):
            return _sockaddr(data)
    return None


def datagrams_lost(ancillary: Ancillary) -> int:
    """How many datagrams the kernel has dropped at this socket so far (SO_RXQ_OVFL)."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_RXQ_OVFL):
            return int(struct.unpack("I", data)[0])
    return 0
