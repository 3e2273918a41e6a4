"""Classes against `ipaddress`, whose tables differ between Python versions where listed."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.hosts.classes import HostClass, strictest
from zu_core.hosts.classify import classify, covered_classes, embedded_ipv4
from zu_core.hosts.special_addresses import BLOCKS, METADATA_ADDRESSES

# Where `ipaddress` (3.11 to 3.14) may call an address global and `classify` not, or the
# other way round.
DIFFERENCES = {
    "168.63.129.16/32": "a public address that every Azure machine reaches its host by",
    "192.0.0.0/24": "ipaddress holds parts of it; PCP and TURN anycast is the nearest gateway",
    "192.52.193.0/24": "AMT anycast is the nearest relay",
    "192.88.99.0/24": "6to4 relays; ipaddress has no row",
    "::ffff:0:0/96": "the IPv4 address counts; ipaddress before 3.13 calls all private",
    "64:ff9b::/96": "ipaddress calls all global (and reserved); the IPv4 address counts",
    "64:ff9b:1::/48": "ipaddress has a row from 3.12.4 on",
    "2001::/23": "ipaddress before 3.12.4 has one private block; later the parts by registry",
    "2002::/16": "6to4; ipaddress calls it global before 3.13",
    "3fff::/20": "documentation since 2024; ipaddress has a row from 3.14 on",
    "fec0::/10": "site local; ipaddress calls it global",
}
DIFFERENT = [ip_network(text) for text in DIFFERENCES]


def edges(network):
    first, last = int(network[0]), int(network[-1])
    top = (1 << network.max_prefixlen) - 1
    kind = type(network[0])
    return [kind(min(max(n, 0), top)) for n in (first - 1, first, first + 1, last, last + 1)]


EDGES = sorted({address for block in BLOCKS for address in edges(block.network)}, key=str)
ADDRESSES = st.one_of(
    st.sampled_from(EDGES),
    st.integers(0, (1 << 32) - 1).map(IPv4Address),
    st.integers(0, (1 << 128) - 1).map(IPv6Address),
    st.sampled_from([b.network for b in BLOCKS]).flatmap(
        lambda net: st.integers(0, net.num_addresses - 1).map(lambda index: net[index])
    ),
)


def is_global_by_ipaddress(address):
    site_local = address.version == 6 and address.is_site_local
    special = address.is_reserved or address.is_multicast or site_local
    return address.is_global and not special


def assert_agrees(address):
    if any(address in network for network in DIFFERENT):
        return
    assert (classify(address) is HostClass.GLOBAL) == is_global_by_ipaddress(address), address


@given(ADDRESSES)
def test_classes_agree_with_ipaddress(address):
    assert_agrees(address)


@pytest.mark.parametrize("address", EDGES, ids=str)
def test_classes_agree_with_ipaddress_at_every_edge_of_a_block(address):
    assert_agrees(address)


@given(st.integers(0, (1 << 32) - 1).map(IPv4Address) | st.sampled_from(EDGES))
def test_single_properties_agree_with_ipaddress(address):
    klass = classify(address)
    if address.version == 4 or not embedded_ipv4(address):
        assert (klass is HostClass.LOOPBACK) == address.is_loopback
        assert (klass is HostClass.MULTICAST) == address.is_multicast
        assert (klass is HostClass.UNSPECIFIED) == address.is_unspecified
        if klass is not HostClass.METADATA:
            assert (klass is HostClass.LINK_LOCAL) == address.is_link_local


@pytest.mark.parametrize(
    ("text", "klass"),
    [
        ("8.8.8.8", "global"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "reserved"),
        ("10.255.255.255", "private"),
        ("100.64.0.1", "cgnat"),
        ("100.128.0.1", "global"),
        ("127.255.0.1", "loopback"),
        ("169.254.1.1", "link-local"),
        ("172.15.255.255", "global"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("198.19.255.255", "benchmark"),
        ("203.0.113.1", "documentation"),
        ("239.1.1.1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("2606:4700::1", "global"),
        ("4000::1", "reserved"),
        ("fc00::1", "private"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"),
        ("5f00::1", "reserved"),
        ("2001:2::1", "benchmark"),
        ("2001:4:112::1", "global"),
    ],
)
def test_known_addresses(text, klass):
    assert classify(ip_address(text)) == klass


@pytest.mark.parametrize("row", METADATA_ADDRESSES, ids=lambda row: str(row.address))
def test_metadata_services_are_metadata(row):
    assert classify(row.address) is HostClass.METADATA


def carriers(inner):
    """IPv6 addresses that carry the IPv4 address `inner`, by RFC."""
    value = int(inner)
    local = int(IPv6Address("64:ff9b:1::"))
    # RFC 6052 section 2.2, prefix of 48 bits: 16 bits, an octet of zeros, 16 bits.
    around = value >> 16 << 64 | (value & 0xFFFF) << 40
    return {
        "mapped": IPv6Address(0xFFFF << 32 | value),
        "compatible": IPv6Address(value),
        "translated": IPv6Address(0xFFFF << 48 | value),
        "nat64": IPv6Address(int(IPv6Address("64:ff9b::")) | value),
        "nat64 local /96": IPv6Address(local | 2 << 64 | value),
        "nat64 local /48": IPv6Address(local | around),
        "6to4": IPv6Address(0x2002 << 112 | value << 80 | 1),
        "teredo server": IPv6Address(0x20010000 << 96 | value << 64 | 0x77777777),
        "teredo client": IPv6Address(0x20010000 << 96 | 0x08080808 << 64 | value ^ 0xFFFFFFFF),
    }


# The block of each form by itself; GLOBAL leaves the IPv4 address to decide.
CARRIER_CLASSES = {"mapped": "global", "nat64": "global", "nat64 local /96": "private"} | {
    "nat64 local /48": "private"
}
INTERNAL = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "100.64.9.9", "172.16.3.4"]


@pytest.mark.parametrize("inner", INTERNAL)
def test_the_stricter_of_carrier_and_carried_counts(inner):
    inner = IPv4Address(inner)
    for form, address in carriers(inner).items():
        own = HostClass(CARRIER_CLASSES.get(form, "reserved"))
        assert inner in embedded_ipv4(address), form
        assert classify(address) is strictest(own, classify(inner)), form


@given(st.integers(0, (1 << 32) - 1).map(IPv4Address))
def test_no_carrier_of_an_internal_address_is_global(inner):
    if classify(inner).is_internal:
        assert all(classify(address).is_internal for address in carriers(inner).values())


def test_a_public_address_in_a_deprecated_tunnel_is_not_public():
    public = carriers(IPv4Address("8.8.8.8"))
    reached = {form for form, address in public.items() if not classify(address).is_internal}
    assert reached == {"mapped", "nat64"}


def test_addresses_without_an_ipv4_part_carry_none():
    for text in ("::", "::1", "2606:4700::1", "fe80::1", "64:ff9b:2::1", "2003::1", "2001:1::1"):
        assert embedded_ipv4(IPv6Address(text)) == ()


@pytest.mark.parametrize(
    ("network", "classes"),
    [
        ("8.0.0.0/8", {"global"}),
        ("10.0.0.0/8", {"private"}),
        ("10.1.0.0/16", {"private"}),
        ("172.0.0.0/8", {"global", "private"}),
        ("169.254.0.0/16", {"link-local"}),
        ("2001:db8:1::/48", {"documentation"}),
        ("fd00::/32", {"private"}),
        ("2620:4f::/32", {"global"}),
    ],
)
def test_covered_classes(network, classes):
    assert covered_classes(ip_network(network)) == classes


@given(ADDRESSES, st.integers(0, 32))
def test_covered_classes_hold_the_class_of_every_address(address, bits):
    network = ip_network((address, address.max_prefixlen - bits), strict=False)
    inner = address.version == 6 and embedded_ipv4(address)
    if classify(address) is not HostClass.METADATA and not inner:
        assert classify(address) in covered_classes(network)
