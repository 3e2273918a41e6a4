"""Addresses from text: every IPv4 spelling of inet_aton, and IPv6 with a zone."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from zu_core.hosts.host_error import HostError, quoted

# inet_aton(3): one to four numbers, each decimal, octal (leading 0) or hexadecimal (0x).
_PART = re.compile(r"0x(?P<hex>[0-9a-f]+)|0(?P<octal>[0-7]*)|(?P<decimal>[1-9][0-9]*)")

# A last label of this form is never a name: WHATWG URL "ends in a number", and the binary
# form that strtoul takes from C23 on.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*|0b[01]+")

_ZONE = re.compile(r"[0-9A-Za-z._~-]{1,32}")
_LINK_LOCAL_SCOPES = (0x1, 0x2)  # RFC 4291 section 2.7: interface-local, link-local multicast


def parse_ipv4(text: str) -> IPv4Address | None:
    """The address that inet_aton(3) reads from lower-case `text`; None if it reads none.

    One to four numbers; the last one fills the remaining bytes (127.1 is 127.0.0.1).
    """
    parts = text.split(".")
    if len(parts) > 4:
        return None
    values = [_number(part) for part in parts]
    *head, last = values
    if last is None or last >= 1 << 8 * (5 - len(parts)):
        return None
    result = last
    for index, value in enumerate(head):
        if value is None or value > 0xFF:
            return None
        result |= value << 8 * (3 - index)
    return IPv4Address(result)


def _number(part: str) -> int | None:
    match = _PART.fullmatch(part)
    if match is None or len(part) > 64:
        return None
    if match["hex"]:
        return int(match["hex"], 16)
    if match["decimal"]:
        return int(match["decimal"])
    return int(match["octal"] or "0", 8)


def ends_in_number(text: str) -> bool:
    """True if the last label of lower-case `text` is a number, so that `text` is no name."""
    return _NUMBER.fullmatch(text.rpartition(".")[2]) is not None


def parse_ipv6(text: str) -> IPv6Address:
    """The address in `text`, without brackets; with a zone for link-local addresses.

    Raises:
        HostError: no IPv6 address, or a zone where RFC 4007 gives it no meaning.
    """
    number, percent, zone = text.partition("%")
    try:
        address = IPv6Address(number)
    except AddressValueError as error:
        raise HostError(
            f"{quoted(text)} is not an IPv6 address",
            advice="write a host name, an IPv4 address or an IPv6 address such as `2001:db8::1`",
        ) from error
    if not percent:
        return address
    _check_zone(text, address, zone)
    return IPv6Address(f"{number}%{zone}")


def canonical_ipv6(address: IPv6Address) -> IPv4Address | IPv6Address:
    """The same destination in canonical form: IPv4 for IPv4-mapped, no zone without meaning.

    Raises:
        ValueError: the zone of a link-local address is not the name or number of an interface.
    """
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.scope_id is None:
        return address
    if not _takes_zone(address):
        return IPv6Address(int(address))
    if not _is_zone(address.scope_id):
        raise ValueError(f"not an interface: {quoted(address.scope_id)}")
    return address


def _is_zone(zone: str) -> bool:
    """True for an interface name or number; not for what a percent-encoded `%` leaves."""
    encoded = len(zone) > 2 and zone.startswith("25")
    return not encoded and _ZONE.fullmatch(zone) is not None


def _check_zone(text: str, address: IPv6Address, zone: str) -> None:
    if not _is_zone(zone):
        raise HostError(
            f"{quoted(text)} has no interface after the `%`",
            advice="write the zone without percent-encoding, such as `fe80::1%eth0`",
        )
    if not _takes_zone(address):
        raise HostError(
            f"{quoted(text)} has a zone, but only link-local addresses have one",
            advice=f"write `{address}`",
        )


def _takes_zone(address: IPv6Address) -> bool:
    if address.is_multicast:
        return int(address) >> 112 & 0xF in _LINK_LOCAL_SCOPES
    return address.is_link_local
