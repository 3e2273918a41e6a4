"""Layouts of the kernel's structures; `test_netns` asks the kernel itself."""

import socket
import struct
from ipaddress import ip_address

import pytest

from zu_backends.egress.destination import (
    Destination,
    asked_address,
    datagrams_lost,
    diverted_destination,
    original_destination,
    reply_from,
)

from .conftest import listener

V4 = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", 4444, b"\xcb\x00\x71\x09")
V6 = struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", 443, 0)
V6 += ip_address("2001:db8::1").packed + bytes(4)


def test_diverted_destination():
    assert diverted_destination([(0, 20, V4)]) == Destination(ip_address("203.0.113.9"), 4444)
    assert diverted_destination([(0, 8, b""), (41, 74, V6)]) == Destination(
        ip_address("2001:db8::1"), 443
    )
    assert diverted_destination([]) is None


def test_asked_address():
    in_pktinfo = struct.pack("i4s4s", 1, b"\x7f\0\0\x01", b"\x09\x09\x09\x09")
    assert asked_address([(0, 8, in_pktinfo)]) == ip_address("9.9.9.9")
    in6_pktinfo = struct.pack("16sI", ip_address("2620:fe::fe").packed, 1)
    assert asked_address([(41, 50, in6_pktinfo)]) == ip_address("2620:fe::fe")
    assert asked_address([]) is None


@pytest.mark.parametrize("text", ["9.9.9.9", "2620:fe::fe"])
def test_a_reply_leaves_from_the_address_asked(text):
    ((level, kind, data),) = reply_from(ip_address(text))
    assert level == (socket.IPPROTO_IP if "." in text else socket.IPPROTO_IPV6)
    assert kind == (8 if "." in text else 50)
    assert ip_address(text).packed in data


def test_datagrams_lost():
    assert datagrams_lost([(1, 40, struct.pack("I", 7))]) == 7
    assert datagrams_lost([]) == 0


def test_a_connection_that_was_not_redirected_has_no_destination_or_its_own():
    with listener() as there, socket.create_connection(there.getsockname()) as client:
        accepted, _ = there.accept()
        with accepted:
            try:
                found = original_destination(accepted)
            except OSError:  # no connection tracking in this namespace
                return
            assert (str(found.address), found.port) == there.getsockname()
            assert client.getpeername() == there.getsockname()
