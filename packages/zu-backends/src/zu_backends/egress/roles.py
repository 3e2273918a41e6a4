"""The listening sockets of a box's network namespace, by what they are for."""

from enum import StrEnum


class Role(StrEnum):
    """One socket that was opened inside the box's network namespace; see socket(7).

    PROXY: TCP 127.0.0.1:3128, for programs that honour HTTP(S)_PROXY.
    TCP4, TCP6: TCP wildcard port 3129, the target of nft REDIRECT; the destination that
        the program wanted is read with SO_ORIGINAL_DST.
    DNS4, DNS6: UDP wildcard port 53 with IP_PKTINFO; a reply leaves from the address asked.
    DNS_TCP: TCP 127.0.0.1:53.
    UDP4, UDP6: UDP wildcard port 3130, the target of TPROXY, with IP_RECVORIGDSTADDR.
    """

    PROXY = "proxy"
    TCP4 = "tcp4"
    TCP6 = "tcp6"
    DNS4 = "dns4"
    DNS6 = "dns6"
    DNS_TCP = "dns-tcp"
    UDP4 = "udp4"
    UDP6 = "udp6"
