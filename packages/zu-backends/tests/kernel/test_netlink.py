"""Netlink messages as bytes; what they do is shown by the boxes' own tests."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from zu_backends.kernel.netlink import Message, attribute, encode, nested, parse_acks


@given(st.integers(0, 0x3FFF), st.binary(max_size=200))
def test_attributes_are_padded_to_four_bytes(kind, value):
    data = attribute(kind, value)
    assert len(data) % 4 == 0
    assert struct.unpack_from("=HH", data) == (4 + len(value), kind)
    assert data[4 : 4 + len(value)] == value


def test_a_nested_attribute_holds_attributes():
    inner = attribute(1, b"a")
    assert nested(2, inner) == attribute(2 | 0x8000, inner)


def test_a_message_starts_with_its_length():
    data = encode(Message(16, 4, b"body"), 7)
    assert struct.unpack_from("=IHHII", data) == (20, 16, 5, 7, 0)
    assert data[16:] == b"body"


@given(st.dictionaries(st.integers(0, 1000), st.integers(0, 133)))
def test_acknowledgements_are_read_back(errors):
    data = b"".join(
        struct.pack("=IHHIIi", 20, 2, 0, number, 0, -error) for number, error in errors.items()
    )
    assert parse_acks(data) == errors


@given(st.binary(max_size=200))
def test_any_bytes_end(data):
    parse_acks(data)
