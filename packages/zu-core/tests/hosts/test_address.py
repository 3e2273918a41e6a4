"""IPv4 spellings against the system's inet_aton, IPv6 spellings against its inet_pton."""

import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.hosts.address import canonical_ipv6, ends_in_number, parse_ipv4, parse_ipv6
from zu_core.hosts.host_error import HostError

PREFIXES = {8: "0", 10: "", 16: "0x"}
FORMATS = {8: "o", 10: "d", 16: "x"}


@st.composite
def spellings(draw):
    """A text that inet_aton accepts: one to four numbers, each in its own base and padding."""
    count = draw(st.integers(1, 4))
    heads = draw(st.lists(st.integers(0, 255), min_size=count - 1, max_size=count - 1))
    last = draw(st.integers(0, (1 << 8 * (5 - count)) - 1))
    parts = []
    for value in [*heads, last]:
        base = draw(st.sampled_from((8, 10, 16)))
        padding = "0" * draw(st.integers(0, 3)) if base != 10 else ""
        part = PREFIXES[base] + padding + format(value, FORMATS[base])
        parts.append(part)
    return ".".join(parts)


def inet_aton(text):
    """The system's answer, or None where it refuses."""
    try:
        return IPv4Address(socket.inet_aton(text))
    except (OSError, ValueError):
        return None


@given(spellings())
def test_every_generated_spelling_is_the_address_of_inet_aton(text):
    assert inet_aton(text) is not None
    assert parse_ipv4(text) == inet_aton(text)


@given(st.text(alphabet="0123456789abcdefx.", max_size=24))
def test_parse_ipv4_and_inet_aton_agree_on_text_that_resembles_an_address(text):
    assert parse_ipv4(text) == inet_aton(text)


@given(st.text(max_size=24))
def test_parse_ipv4_accepts_nothing_that_inet_aton_refuses(text):
    if (address := parse_ipv4(text)) is not None:
        assert address == inet_aton(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.1", "127.0.0.1"),
        ("10.1", "10.0.0.1"),
        ("10.1.2", "10.1.0.2"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("00.0x0.000.0", "0.0.0.0"),
        ("4294967295", "255.255.255.255"),
        ("010.0.0.1", "8.0.0.1"),
    ],
)
def test_known_spellings(text, address):
    assert parse_ipv4(text) == IPv4Address(address) == inet_aton(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        "1..2",
        "0x",
        "1.0x",
        "08",
        "1.2.3.09",
        "256.1",
        "1.2.3.256",
        "1.2.65536",
        "4294967296",
        "1.2.3.4.5",
        "+1",
        "-1",
        "1_0",
        "1.2.3.4 ",
        "9" * 5000,
    ],
)
def test_what_inet_aton_refuses_or_reads_past_is_no_address(text):
    assert parse_ipv4(text) is None


@pytest.mark.parametrize("text", ["1", "a.1", "a.01", "a.0x", "a.0xff", "a.0b1", "1.2.3.256"])
def test_a_number_at_the_end_makes_no_name(text):
    assert ends_in_number(text)


@pytest.mark.parametrize("text", ["a", "1.a", "a.1x", "a.x1", "a.0xg", "1.2.3.4a", "a.0b2"])
def test_a_name_may_hold_digits(text):
    assert not ends_in_number(text)


@st.composite
def ipv6_spellings(draw):
    address = IPv6Address(draw(st.integers(0, (1 << 128) - 1) | st.integers(0, 1 << 48)))
    low = int(address) & 0xFFFFFFFF
    mixed = ":".join(address.exploded.split(":")[:6]) + f":{IPv4Address(low)}"
    text = draw(st.sampled_from((str(address), address.exploded, mixed)))
    return text.upper() if draw(st.booleans()) else text


@given(ipv6_spellings())
def test_every_ipv6_spelling_is_the_address_of_inet_pton(text):
    assert parse_ipv6(text).packed == socket.inet_pton(socket.AF_INET6, text)


@given(st.text(alphabet="0123456789abcdef:.%", max_size=40))
def test_parse_ipv6_accepts_nothing_that_inet_pton_refuses(text):
    try:
        address = parse_ipv6(text)
    except HostError:
        return
    assert address.packed == socket.inet_pton(socket.AF_INET6, text.partition("%")[0])


@pytest.mark.parametrize(
    "text", ["fe80::1%eth0", "fe80::1%3", "fe80::1%25", "ff02::1%lo", "ff01::1%br-0.12"]
)
def test_link_local_addresses_keep_their_zone(text):
    assert str(parse_ipv6(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "::1%lo",
        "2001:db8::1%eth0",
        "ff0e::1%eth0",
        "fe80::1%",
        "fe80::1%25eth0",
        "fe80::1%a/b",
        "fe80::1%a%b",
        "fe80::1%a b",
        "fe80::1%\x00",
        "::ffff:127.0.0.1%1",
        "fe80::1%" + "a" * 33,
    ],
)
def test_other_zones_are_refused_with_advice(text):
    with pytest.raises(HostError) as error:
        parse_ipv6(text)
    assert error.value.advice


def test_canonical_ipv6_is_the_same_destination():
    assert canonical_ipv6(IPv6Address("::ffff:10.0.0.1")) == IPv4Address("10.0.0.1")
    assert canonical_ipv6(IPv6Address("2001:db8::1%eth0")) == IPv6Address("2001:db8::1")
    assert str(canonical_ipv6(IPv6Address("fe80::1%eth0"))) == "fe80::1%eth0"
    with pytest.raises(ValueError, match="not an interface"):
        canonical_ipv6(IPv6Address("fe80::1%eth 0"))
