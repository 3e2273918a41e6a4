"""The class of an address: the most specific block, and every IPv4 address that it carries."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from zu_core.hosts.classes import HostClass, strictest
from zu_core.hosts.special_addresses import BLOCKS, METADATA_ADDRESSES, AddressBlock

_Row = tuple[int, int, HostClass]  # network address >> shift, shift, class

_MAX32 = 0xFFFFFFFF


def _rows(blocks: Iterable[AddressBlock], version: int) -> tuple[_Row, ...]:
    """The blocks of one IP version, longest prefix first."""
    own = [block for block in blocks if block.network.version == version]
    own.sort(key=lambda block: block.network.prefixlen, reverse=True)
    return tuple(_row(block) for block in own)


def _row(block: AddressBlock) -> _Row:
    shift = block.network.max_prefixlen - block.network.prefixlen
    return int(block.network.network_address) >> shift, shift, block.klass


_V4 = _rows(BLOCKS, 4)
_V6 = _rows(BLOCKS, 6)
_METADATA = frozenset((row.address.version, int(row.address)) for row in METADATA_ADDRESSES)

# The /96 prefixes below which the last 32 bits are an IPv4 address.
_TAILS = frozenset(
    int(IPv6Address(prefix)) >> 32
    for prefix in (
        "::",  # IPv4-compatible, RFC 4291 section 2.5.5.1
        "::ffff:0:0",  # IPv4-mapped, RFC 4291 section 2.5.5.2
        "::ffff:0:0:0",  # IPv4-translated, RFC 2765
        "64:ff9b::",  # NAT64, RFC 6052 section 2.1
    )
)
_NAT64_LOCAL = int(IPv6Address("64:ff9b:1::")) >> 80
_TEREDO = int(IPv6Address("2001::")) >> 96
_SIXTOFOUR = 0x2002


def embedded_ipv4(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that `address` carries: none, one, or two for Teredo.

    Formats: RFC 4291 (compatible, mapped), RFC 6052 and RFC 8215 (NAT64), RFC 3056 (6to4),
    RFC 4380 (Teredo: server, and client with inverted bits).
    """
    value = int(address)
    if value in (0, 1):
        return ()
    if value >> 32 in _TAILS:
        return (IPv4Address(value & _MAX32),)
    if value >> 80 == _NAT64_LOCAL:
        return (IPv4Address(_nat64_local(value)),)
    if value >> 112 == _SIXTOFOUR:
        return (IPv4Address(value >> 80 & _MAX32),)
    if value >> 96 == _TEREDO:
        return IPv4Address(value >> 64 & _MAX32), IPv4Address(~value & _MAX32)
    return ()


def _nat64_local(value: int) -> int:
    """The IPv4 bits of an address in 64:ff9b:1::/48, by RFC 6052 section 2.2.

    With the /48 format the last 40 bits are zero and the IPv4 address stands around the
    octet of bits 64 to 71; otherwise the block is divided into /96 prefixes.
    """
    if value & ((1 << 40) - 1) == 0:
        return (value >> 64 & 0xFFFF) << 16 | value >> 40 & 0xFFFF
    return value & _MAX32


def classify(address: IPv4Address | IPv6Address) -> HostClass:
    """The class of `address`; total: every address has one. A zone does not change it."""
    if isinstance(address, IPv4Address):
        return _classify_ipv4(address)
    if address.ipv4_mapped is not None:
        return _classify_ipv4(address.ipv4_mapped)
    value = int(address)
    own = HostClass.METADATA if (6, value) in _METADATA else _lookup(_V6, value)
    return strictest(own, *map(_classify_ipv4, embedded_ipv4(address)))


def _classify_ipv4(address: IPv4Address) -> HostClass:
    value = int(address)
    return HostClass.METADATA if (4, value) in _METADATA else _lookup(_V4, value)


def _lookup(rows: tuple[_Row, ...], value: int) -> HostClass:
    for network, shift, klass in rows:
        if value >> shift == network:
            return klass
    raise AssertionError("the tables have a row for 0.0.0.0/0 and for ::/0")


def covered_classes(network: IPv4Network | IPv6Network) -> frozenset[HostClass]:
    """The classes by block of the addresses in `network`; embedded IPv4 is not looked into.

    Metadata addresses are not counted: they are single addresses, and no network rule
    matches them.
    """
    value, bits = int(network.network_address), network.max_prefixlen - network.prefixlen
    rows = _V4 if network.version == 4 else _V6
    inside = {
        klass for start, shift, klass in rows if shift < bits and _within(start, shift, network)
    }
    around = next(k for start, shift, k in rows if shift >= bits and value >> shift == start)
    return frozenset({around, *inside})


def _within(start: int, shift: int, network: IPv4Network | IPv6Network) -> bool:
    bits = network.max_prefixlen - network.prefixlen
    return (start << shift) >> bits == int(network.network_address) >> bits
