"""The nftables rules of a box's network, as netlink messages.

Layouts: linux/netfilter/nf_tables.h and nfnetlink.h. In the words of nft(8), for IPv4:

    chain redirect { type nat hook output;      ip daddr != 127/8 tcp  redirect to :TCP }
    chain sink     { type filter hook prerouting priority -150;
                     ip daddr != 127/8 udp dport != 53  tproxy to :UDP }
    chain silence  { type filter hook output;   ip daddr != 127/8 not tcp not udp  drop }
"""

import socket
import struct
from collections.abc import Sequence
from typing import Final

from zu_backends.kernel import netlink
from zu_backends.kernel.netlink import ACK, APPEND, CREATE, Message, attribute, nested

_SUBSYSTEM: Final = 10
_BATCH_BEGIN, _BATCH_END = 16, 17
_NEW_TABLE, _NEW_CHAIN, _NEW_RULE = 0, 3, 6
_HOOK_PREROUTING, _HOOK_OUTPUT = 0, 3
_PRIORITY_NAT, _PRIORITY_MANGLE, _PRIORITY_FILTER = -100, -150, 0
_REGISTER: Final = 1
_EQUAL, _NOT_EQUAL = 0, 1
_VERDICT_DROP: Final = 0
_META_L4PROTO: Final = 16
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_TABLE: Final = "zu"


def transparent_egress(family: int, tcp_port: int, udp_port: int) -> list[Message]:
    """Return the messages that lead all traffic of `family` (AF_INET, AF_INET6) to two ports.

    TCP is redirected to `tcp_port`, UDP except port 53 is handed to the transparent socket
    on `udp_port`, everything else is dropped. The tool's own loopback is left alone.
    """
    outside = _not_loopback(family)
    redirect = (*outside, *_protocol(_EQUAL, socket.IPPROTO_TCP), _port(tcp_port), _redirect())
    sink = (
        *outside,
        *_protocol(_EQUAL, socket.IPPROTO_UDP),
        _payload(_TRANSPORT_HEADER, 2, 2),
        _compare(_NOT_EQUAL, struct.pack(">H", 53)),
        _port(udp_port),
        _tproxy(family),
    )
    silence = (
        *outside,
        *_protocol(_NOT_EQUAL, socket.IPPROTO_TCP),
        *_protocol(_NOT_EQUAL, socket.IPPROTO_UDP),
        _drop(),
    )
    return [
        _message(_NEW_TABLE, CREATE, family, attribute(1, _name(_TABLE))),
        _chain(family, "redirect", "nat", _HOOK_OUTPUT, _PRIORITY_NAT),
        _chain(family, "sink", "filter", _HOOK_PREROUTING, _PRIORITY_MANGLE),
        _chain(family, "silence", "filter", _HOOK_OUTPUT, _PRIORITY_FILTER),
        _rule(family, "redirect", redirect),
        _rule(family, "sink", sink),
        _rule(family, "silence", silence),
    ]


def apply(messages: Sequence[Message]) -> None:
    """Carry `messages` out as one transaction in the current network namespace.

    Raises:
        OSError: the kernel refused them, or has no nf_tables.
    """
    begin = Message(_BATCH_BEGIN, 0, _generic_header(0, _SUBSYSTEM))
    end = Message(_BATCH_END, 0, _generic_header(0, _SUBSYSTEM))
    with netlink.Connection(netlink.NETLINK_NETFILTER) as connection:
        connection.request([begin, *messages, end], "nftables rules")


def _generic_header(family: int, resource: int) -> bytes:
    return struct.pack(">BBH", family, 0, resource)


def _message(kind: int, flags: int, family: int, body: bytes) -> Message:
    return Message(_SUBSYSTEM << 8 | kind, ACK | flags, _generic_header(family, 0) + body)


def _chain(family: int, name: str, kind: str, hook: int, priority: int) -> Message:
    place = nested(4, attribute(1, _word(hook)), attribute(2, struct.pack(">i", priority)))
    body = attribute(1, _name(_TABLE)) + attribute(3, _name(name)) + place
    return _message(_NEW_CHAIN, CREATE, family, body + attribute(7, _name(kind)))


def _rule(family: int, chain: str, expressions: Sequence[bytes]) -> Message:
    body = attribute(1, _name(_TABLE)) + attribute(2, _name(chain)) + nested(4, *expressions)
    return _message(_NEW_RULE, CREATE | APPEND, family, body)


def _expression(name: str, *data: bytes) -> bytes:
    return nested(1, attribute(1, _name(name)), nested(2, *data))


def _not_loopback(family: int) -> tuple[bytes, bytes]:
    """Match a destination other than 127.0.0.0/8 (offset 16) or ::1 (offset 24)."""
    if family == socket.AF_INET:
        return _payload(_NETWORK_HEADER, 16, 1), _compare(_NOT_EQUAL, b"\x7f")
    loopback = socket.inet_pton(socket.AF_INET6, "::1")
    return _payload(_NETWORK_HEADER, 24, 16), _compare(_NOT_EQUAL, loopback)


def _protocol(operator: int, protocol: int) -> tuple[bytes, bytes]:
    load = _expression("meta", attribute(2, _word(_META_L4PROTO)), attribute(1, _word(_REGISTER)))
    return load, _compare(operator, bytes([protocol]))


def _payload(base: int, offset: int, length: int) -> bytes:
    values = (_REGISTER, base, offset, length)
    return _expression("payload", *(attribute(i + 1, _word(v)) for i, v in enumerate(values)))


def _compare(operator: int, value: bytes) -> bytes:
    return _expression(
        "cmp",
        attribute(1, _word(_REGISTER)),
        attribute(2, _word(operator)),
        nested(3, attribute(1, value)),
    )


def _port(port: int) -> bytes:
    value = nested(2, attribute(1, struct.pack(">H", port)))
    return _expression("immediate", attribute(1, _word(_REGISTER)), value)


def _redirect() -> bytes:
    return _expression("redir", attribute(1, _word(_REGISTER)))


def _tproxy(family: int) -> bytes:
    return _expression("tproxy", attribute(1, _word(family)), attribute(3, _word(_REGISTER)))


def _drop() -> bytes:
    verdict = nested(2, nested(2, attribute(1, _word(_VERDICT_DROP))))
    return _expression("immediate", attribute(1, _word(0)), verdict)


def _word(value: int) -> bytes:
    return struct.pack(">I", value)


def _name(text: str) -> bytes:
    return text.encode("ascii") + b"\0"
