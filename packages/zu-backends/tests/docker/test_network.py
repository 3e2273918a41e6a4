"""What comes back from the helper that opens listeners; the way itself: test_jail."""

import os
import socket

import pytest

from zu_backends.boxes import wire
from zu_backends.boxes.channel import Received
from zu_backends.docker import network
from zu_backends.egress.roles import Role
from zu_core.errors import Unavailable


def test_listeners_come_by_role():
    theirs = socket.socket()
    with network.listeners_of(Received(wire.Ready(("tcp4",)), (theirs.detach(),), 1))[
        Role.TCP4
    ] as listener:
        assert listener.family == socket.AF_INET


@pytest.mark.parametrize("received", [None, Received(wire.Failed("no rules", "load them"), (), 1)])
def test_a_helper_that_fails_is_told(received):
    with pytest.raises(Unavailable, match="no rules|without an answer"):  # noqa: RUF043
        network.listeners_of(received)


async def test_a_network_that_is_not_there_can_not_be_entered():
    if os.geteuid() != 0:
        pytest.skip("setns into a network takes root")
    with pytest.raises(Unavailable, match="network of the box"):
        await network.enter(1 << 30)
