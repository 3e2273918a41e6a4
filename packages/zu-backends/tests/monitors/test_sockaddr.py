import ipaddress
import socket
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.monitors.sockaddr import Address, parse_sockaddr

PORTS = st.integers(0, 65535)


def family(number: int) -> bytes:
    return number.to_bytes(2, sys.byteorder)


@given(st.ip_addresses(v=4), PORTS, st.binary(max_size=20))
def test_ipv4_is_host_and_port(host, port, rest):
    raw = family(socket.AF_INET) + struct.pack("!H", port) + host.packed + rest
    assert parse_sockaddr(raw) == Address("inet", f"{host}:{port}")


@given(st.ip_addresses(v=6), PORTS, st.integers(0, 2**32 - 1), st.booleans())
def test_ipv6_is_host_zone_and_port(host, port, scope, short):
    raw = family(socket.AF_INET6) + struct.pack("!HI", port, 0xABCDEF) + host.packed
    raw += b"" if short else scope.to_bytes(4, sys.byteorder)
    shown = parse_sockaddr(raw)
    assert shown.family == "inet6"
    inside, _, shown_port = shown.text.removeprefix("[").rpartition("]:")
    address, _, zone = inside.partition("%")
    assert ipaddress.IPv6Address(address) == host
    assert int(shown_port) == port
    assert zone == ("" if short or not scope else str(scope))


@given(st.binary(min_size=1, max_size=108).filter(lambda name: name[0] != 0))
def test_a_unix_path_ends_at_its_first_nul(name):
    shown = parse_sockaddr(family(socket.AF_UNIX) + name + b"\0junk")
    assert shown == Address("unix", name.split(b"\0")[0].decode("utf-8", "backslashreplace"))


def test_an_abstract_name_keeps_its_nuls():
    assert parse_sockaddr(family(socket.AF_UNIX) + b"\0a\0b") == Address("unix", "@a\\0b")


@given(st.binary(max_size=140))
def test_any_bytes_are_shown(raw):
    shown = parse_sockaddr(raw)
    assert shown.family
    shown.text.encode()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", Address("unspec", "")),
        (b"\x02", Address("unspec", "02")),
        (family(socket.AF_UNSPEC) + b"\1", Address("unspec", "01")),
        (family(socket.AF_INET) + b"\0\1\x7f", Address("inet", "00017f")),
        (family(socket.AF_INET6) + bytes(10), Address("inet6", bytes(10).hex())),
        (family(40) + b"\1\2", Address("family 40", "0102")),
    ],
)
def test_what_is_too_short_or_unknown_is_given_in_hex(raw, shown):
    assert parse_sockaddr(raw) == shown
