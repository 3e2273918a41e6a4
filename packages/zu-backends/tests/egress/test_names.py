from ipaddress import ip_address

from zu_backends.egress.names import SYNTHETIC, SyntheticNames
from zu_core.hosts import HostClass, classify


def test_a_name_keeps_its_address():
    names = SyntheticNames(10)
    first = names.address_of("a.example.com")
    assert first in SYNTHETIC
    assert names.address_of("b.example.com") != first
    assert names.address_of("a.example.com") == first
    assert names.name_of(first) == "a.example.com"


def test_an_address_that_was_not_given_has_no_name():
    assert SyntheticNames(10).name_of(ip_address("198.18.0.1")) is None


def test_the_table_is_bounded_and_keeps_what_it_has():
    names = SyntheticNames(2)
    given = [names.address_of(f"{n}.example.com") for n in range(3)]
    assert given[2] is None
    assert names.address_of("0.example.com") == given[0]


def test_the_range_is_nobodys():
    assert classify(SYNTHETIC[0]) is classify(SYNTHETIC[-1]) is HostClass.BENCHMARK
    assert len({SyntheticNames(10**9).address_of("x")}) == 1
