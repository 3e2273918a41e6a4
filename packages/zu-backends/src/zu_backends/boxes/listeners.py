"""The network of a box, seen from the process that owns it: loopback, rules, sockets.

Runs inside the new network namespace, with CAP_NET_ADMIN over it. Every address is local
(AnyIP), every packet ends at one of these sockets, and the harness reads from them.
"""

import errno
import socket
from collections.abc import Iterator
from typing import Final, NamedTuple

from zu_backends.boxes.mechanism import needs
from zu_backends.kernel import netlink, nftables

PROXY_PORT: Final = 3128
TCP_PORT: Final = 3129
UDP_PORT: Final = 3130
DNS_PORT: Final = 53

_BACKLOG: Final = 512

# linux/in.h and linux/in6.h; the socket module lacks them.
_IP_PKTINFO: Final = 8
_IP_TRANSPARENT: Final = 19
_IP_RECVORIGDSTADDR: Final = 20
_IPV6_RECVPKTINFO: Final = 49
_IPV6_RECVORIGDSTADDR: Final = 74
_IPV6_TRANSPARENT: Final = 75
_IPV6_FREEBIND: Final = 78
_V4, _V6 = socket.IPPROTO_IP, socket.IPPROTO_IPV6

# An IPv6 that is compiled out (EAFNOSUPPORT) or switched off (EACCES by sysctl, as Docker
# does; EOPNOTSUPP by boot parameter) leaves no path that could be missed.
_NO_IPV6: Final = (errno.EAFNOSUPPORT, errno.EACCES, errno.EOPNOTSUPP, errno.EADDRNOTAVAIL)


class _Listener(NamedTuple):
    role: str
    family: int
    kind: int
    address: str
    port: int
    options: tuple[tuple[int, int], ...] = ()


_STREAM, _DATAGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM
_IPV4: Final = (
    _Listener("proxy", socket.AF_INET, _STREAM, "127.0.0.1", PROXY_PORT),
    _Listener("tcp4", socket.AF_INET, _STREAM, "0.0.0.0", TCP_PORT),  # noqa: S104 - own namespace
    _Listener("dns-tcp", socket.AF_INET, _STREAM, "127.0.0.1", DNS_PORT),
    _Listener(
        "dns4",
        socket.AF_INET,
        _DATAGRAM,
        "0.0.0.0",  # noqa: S104
        DNS_PORT,
        ((_V4, _IP_PKTINFO),),
    ),
    _Listener(
        "udp4",
        socket.AF_INET,
        _DATAGRAM,
        "0.0.0.0",  # noqa: S104
        UDP_PORT,
        ((_V4, _IP_TRANSPARENT), (_V4, _IP_RECVORIGDSTADDR)),
    ),
)
_IPV6: Final = (
    _Listener("tcp6", socket.AF_INET6, _STREAM, "::", TCP_PORT),
    # Free bind: a reply leaves from the address that was asked, which no interface has.
    _Listener(
        "dns6",
        socket.AF_INET6,
        _DATAGRAM,
        "::",
        DNS_PORT,
        ((_V6, _IPV6_RECVPKTINFO), (_V6, _IPV6_FREEBIND)),
    ),
    _Listener(
        "udp6",
        socket.AF_INET6,
        _DATAGRAM,
        "::",
        UDP_PORT,
        ((_V6, _IPV6_TRANSPARENT), (_V6, _IPV6_RECVORIGDSTADDR)),
    ),
)


def prepare_network() -> dict[str, socket.socket]:
    """Configure the current network namespace; return its sockets by role.

    The roles of IPv6 are missing where this machine has no IPv6.

    Raises:
        Unavailable: the kernel lacks something.
    """
    with needs("loopback network"):
        netlink.bring_loopback_up()
        netlink.make_every_address_local(socket.AF_INET)
        ipv6 = _has_ipv6()
    with needs("network rules"):
        rules = nftables.transparent_egress(socket.AF_INET, TCP_PORT, UDP_PORT)
        if ipv6:
            rules += nftables.transparent_egress(socket.AF_INET6, TCP_PORT, UDP_PORT)
        nftables.apply(rules)
    with needs("listening sockets"):
        return dict(_open_all(_IPV4 + _IPV6 if ipv6 else _IPV4))


def _has_ipv6() -> bool:
    try:
        netlink.make_every_address_local(socket.AF_INET6)
    except OSError as error:
        if error.errno in _NO_IPV6:
            return False
        raise
    return True


def _open_all(listeners: tuple[_Listener, ...]) -> Iterator[tuple[str, socket.socket]]:
    """Open `listeners`; SO_REUSEADDR is left out, or the tool could bind beside them."""
    for one in listeners:
        sock = socket.socket(one.family, one.kind)
        if one.family == socket.AF_INET6:
            sock.setsockopt(_V6, socket.IPV6_V6ONLY, 1)
        for level, option in one.options:
            sock.setsockopt(level, option, 1)
        sock.bind((one.address, one.port))
        if one.kind == _STREAM:
            sock.listen(_BACKLOG)
        yield one.role, sock
