from ipaddress import ip_network

from zu_core.hosts.classes import HostClass
from zu_core.hosts.special_addresses import BLOCKS, METADATA_ADDRESSES

# Rows that the IANA registry calls globally reachable and that are not GLOBAL here: anycast
# addresses of the nearest gateway or relay, and identifiers that IP does not route.
STRICTER_THAN_THE_REGISTRY = {
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.52.193.0/24",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:3::/32",
    "2001:20::/28",
    "2001:30::/28",
}


def test_blocks_are_listed_once():
    networks = [block.network for block in BLOCKS]
    assert len(networks) == len(set(networks))
    assert {ip_network("0.0.0.0/0"), ip_network("::/0")} <= set(networks)


def test_no_class_is_looser_than_the_registry():
    loose = [b for b in BLOCKS if b.klass is HostClass.GLOBAL and b.registry_global is False]
    assert loose == []


def test_stricter_classes_are_the_listed_ones():
    strict = {str(b.network) for b in BLOCKS if b.klass.is_internal and b.registry_global}
    assert strict == STRICTER_THAN_THE_REGISTRY


def test_every_row_has_a_source():
    assert all(block.source.startswith("RFC ") and block.meaning for block in BLOCKS)


def test_metadata_addresses_are_listed_once_with_their_service():
    addresses = [row.address for row in METADATA_ADDRESSES]
    assert len(addresses) == len(set(addresses))
    assert all(row.service for row in METADATA_ADDRESSES)
