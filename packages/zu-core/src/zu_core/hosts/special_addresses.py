"""Address blocks with a special meaning, as data.

Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190),
the IPv4 and IPv6 address space registries for multicast and unallocated space, and the
documentation of cloud providers for metadata services. The most specific block counts.

A class is GLOBAL only where the registry says "Globally Reachable". Some blocks that the
registry calls globally reachable are RESERVED here: an anycast address whose service is
the nearest gateway (PCP, TURN, SRP, AMT), and identifiers that IP does not route (ORCHIDv2,
DRIP). A box has nothing to ask there.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from zu_core.hosts.classes import HostClass

GLOBAL = HostClass.GLOBAL
RESERVED = HostClass.RESERVED
PRIVATE = HostClass.PRIVATE
DOCUMENTATION = HostClass.DOCUMENTATION


class AddressBlock(NamedTuple):
    """One row: `registry_global` is the registry's "Globally Reachable", None where it has none."""

    network: IPv4Network | IPv6Network
    klass: HostClass
    meaning: str
    source: str
    registry_global: bool | None


class MetadataAddress(NamedTuple):
    """An address at which a cloud hands out credentials or configuration of a machine."""

    address: IPv4Address | IPv6Address
    service: str


def _row(
    network: str, klass: HostClass, meaning: str, source: str, registry_global: bool | None
) -> AddressBlock:
    return AddressBlock(ip_network(network), klass, meaning, source, registry_global)


BLOCKS: tuple[AddressBlock, ...] = (
    _row("0.0.0.0/0", GLOBAL, "all other IPv4 addresses", "RFC 791", None),
    _row("0.0.0.0/8", RESERVED, "this network", "RFC 791", False),
    _row("0.0.0.0/32", HostClass.UNSPECIFIED, "this host", "RFC 1122", False),
    _row("10.0.0.0/8", PRIVATE, "private use", "RFC 1918", False),
    _row("100.64.0.0/10", HostClass.CGNAT, "shared address space", "RFC 6598", False),
    _row("127.0.0.0/8", HostClass.LOOPBACK, "loopback", "RFC 1122", False),
    _row("169.254.0.0/16", HostClass.LINK_LOCAL, "link local", "RFC 3927", False),
    _row("172.16.0.0/12", PRIVATE, "private use", "RFC 1918", False),
    _row("192.0.0.0/24", RESERVED, "IETF protocol assignments", "RFC 6890", False),
    _row("192.0.0.0/29", RESERVED, "IPv4 service continuity (DS-Lite)", "RFC 7335", False),
    _row("192.0.0.8/32", RESERVED, "IPv4 dummy address", "RFC 7600", False),
    _row("192.0.0.9/32", RESERVED, "PCP anycast: nearest gateway", "RFC 7723", True),
    _row("192.0.0.10/32", RESERVED, "TURN anycast: nearest gateway", "RFC 8155", True),
    _row("192.0.0.170/31", RESERVED, "NAT64/DNS64 discovery", "RFC 8880", False),
    _row("192.0.2.0/24", DOCUMENTATION, "documentation (TEST-NET-1)", "RFC 5737", False),
    _row("192.31.196.0/24", GLOBAL, "AS112-v4", "RFC 7535", True),
    _row("192.52.193.0/24", RESERVED, "AMT anycast: nearest relay", "RFC 7450", True),
    _row("192.88.99.0/24", RESERVED, "6to4 relay anycast, deprecated", "RFC 7526", None),
    _row("192.88.99.2/32", RESERVED, "6a44 relay anycast", "RFC 6751", False),
    _row("192.168.0.0/16", PRIVATE, "private use", "RFC 1918", False),
    _row("192.175.48.0/24", GLOBAL, "AS112 direct delegation", "RFC 7534", True),
    _row("198.18.0.0/15", HostClass.BENCHMARK, "benchmarking", "RFC 2544", False),
    _row("198.51.100.0/24", DOCUMENTATION, "documentation (TEST-NET-2)", "RFC 5737", False),
    _row("203.0.113.0/24", DOCUMENTATION, "documentation (TEST-NET-3)", "RFC 5737", False),
    _row("224.0.0.0/4", HostClass.MULTICAST, "multicast", "RFC 5771", None),
    _row("240.0.0.0/4", RESERVED, "reserved for future use", "RFC 1112", False),
    _row("255.255.255.255/32", HostClass.BROADCAST, "limited broadcast", "RFC 8190", False),
    _row("::/0", RESERVED, "not allocated for global unicast", "RFC 4291", None),
    _row("::/96", RESERVED, "IPv4-compatible, deprecated", "RFC 4291", None),
    _row("::/128", HostClass.UNSPECIFIED, "unspecified", "RFC 4291", False),
    _row("::1/128", HostClass.LOOPBACK, "loopback", "RFC 4291", False),
    _row("::ffff:0:0/96", RESERVED, "IPv4-mapped: the IPv4 address counts", "RFC 4291", False),
    _row("64:ff9b::/96", GLOBAL, "NAT64: the IPv4 address counts too", "RFC 6052", True),
    _row("64:ff9b:1::/48", PRIVATE, "NAT64 for local use", "RFC 8215", False),
    _row("100::/64", RESERVED, "discard only", "RFC 6666", False),
    _row("100:0:0:1::/64", RESERVED, "dummy prefix", "RFC 9780", False),
    _row("2000::/3", GLOBAL, "global unicast", "RFC 4291", None),
    _row("2001::/23", RESERVED, "IETF protocol assignments", "RFC 2928", False),
    _row("2001::/32", RESERVED, "Teredo", "RFC 4380", None),
    _row("2001:1::1/128", RESERVED, "PCP anycast: nearest gateway", "RFC 7723", True),
    _row("2001:1::2/128", RESERVED, "TURN anycast: nearest gateway", "RFC 8155", True),
    _row("2001:1::3/128", RESERVED, "SRP anycast: nearest registrar", "RFC 9665", True),
    _row("2001:2::/48", HostClass.BENCHMARK, "benchmarking", "RFC 5180", False),
    _row("2001:3::/32", RESERVED, "AMT anycast: nearest relay", "RFC 7450", True),
    _row("2001:4:112::/48", GLOBAL, "AS112-v6", "RFC 7535", True),
    _row("2001:10::/28", RESERVED, "ORCHID, deprecated", "RFC 4843", None),
    _row("2001:20::/28", RESERVED, "ORCHIDv2: identifiers, not routed", "RFC 7343", True),
    _row("2001:30::/28", RESERVED, "DRIP: identifiers, not routed", "RFC 9374", True),
    _row("2001:db8::/32", DOCUMENTATION, "documentation", "RFC 3849", False),
    _row("2002::/16", RESERVED, "6to4, deprecated", "RFC 3056", None),
    _row("2620:4f:8000::/48", GLOBAL, "AS112 direct delegation", "RFC 7534", True),
    _row("3fff::/20", DOCUMENTATION, "documentation", "RFC 9637", False),
    _row("5f00::/16", RESERVED, "SRv6 segment identifiers", "RFC 9602", False),
    _row("fc00::/7", PRIVATE, "unique local", "RFC 4193", False),
    _row("fe80::/10", HostClass.LINK_LOCAL, "link local", "RFC 4291", False),
    _row("fec0::/10", PRIVATE, "site local, deprecated", "RFC 3879", None),
    _row("ff00::/8", HostClass.MULTICAST, "multicast", "RFC 4291", None),
)

METADATA_ADDRESSES: tuple[MetadataAddress, ...] = tuple(
    MetadataAddress(ip_address(address), service)
    for address, service in (
        ("100.100.100.200", "Alibaba Cloud instance metadata"),
        ("168.63.129.16", "Azure platform channel (WireServer)"),
        ("169.254.0.23", "Tencent Cloud instance metadata"),
        ("169.254.42.42", "Scaleway instance metadata"),
        ("169.254.169.254", "instance metadata of AWS, Azure, Google Cloud and others"),
        ("169.254.170.2", "AWS ECS task credentials"),
        ("169.254.170.23", "AWS EKS Pod Identity credentials"),
        ("192.0.0.192", "Oracle Cloud Classic instance metadata"),
        ("fd00:42::42", "Scaleway instance metadata"),
        ("fd00:c1::a9fe:a9fe", "Oracle Cloud instance metadata"),
        ("fd00:ec2::23", "AWS EKS Pod Identity credentials"),
        ("fd00:ec2::254", "AWS instance metadata"),
        ("fd20:ce::254", "Google Cloud instance metadata"),
        ("fe80::a9fe:a9fe", "OpenStack instance metadata"),
    )
)
