"""The rules have the structure that the kernel reads; their effect is tested in boxes."""

import socket
import struct

import pytest

from zu_backends.kernel.nftables import transparent_egress


def attributes(data):
    """Return [(kind, value)] of `data`, nested ones as lists."""
    found, offset = [], 0
    while offset < len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        value = data[offset + 4 : offset + length]
        found.append((kind & 0x3FFF, attributes(value) if kind & 0x8000 else value))
        offset += (length + 3) & ~3
    return found


def expressions(message):
    """Return the names of a rule's expressions."""
    rule = dict(attributes(message.body[4:]))
    return [dict(one)[1].rstrip(b"\0").decode() for _kind, one in rule[4]]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_one_table_three_chains_three_rules(family):
    messages = transparent_egress(family, 3129, 3130)
    assert [one.kind & 0xFF for one in messages] == [0, 3, 3, 3, 6, 6, 6]
    assert {one.body[0] for one in messages} == {family}
    assert [expressions(one) for one in messages[4:]] == [
        ["payload", "cmp", "meta", "cmp", "immediate", "redir"],
        ["payload", "cmp", "meta", "cmp", "payload", "cmp", "immediate", "tproxy"],
        ["payload", "cmp", "meta", "cmp", "meta", "cmp", "immediate"],
    ]


def test_ports_are_in_the_rules():
    messages = transparent_egress(socket.AF_INET, 3129, 3130)
    assert struct.pack(">H", 3129) in messages[4].body
    assert struct.pack(">H", 3130) in messages[5].body
