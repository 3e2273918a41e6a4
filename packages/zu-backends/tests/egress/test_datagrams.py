"""What is lost of datagrams is told, also when nothing comes after it."""

import socket

from zu_backends.egress.datagrams import SinkReader
from zu_backends.egress.journal import Journal
from zu_backends.egress.limits import EgressLimits


def flood(count: int) -> tuple[list, str | None]:
    """Send `count` datagrams to a reader that looks at its queue only when it is stopped."""
    facts: list = []
    journal = Journal(facts.append, EgressLimits())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        reader = SinkReader("udp4", receiver, journal, EgressLimits())
        for _ in range(count):
            sender.sendto(b"x" * 1000, receiver.getsockname())
        reader.stop()
    return facts, journal.fault


async def test_a_flood_that_ends_before_it_is_read_is_told_as_lost():
    facts, fault = flood(20_000)
    assert len(facts) < 20_000
    assert fault is not None
    assert "udp4" in fault


async def test_what_fits_the_queue_is_whole():
    facts, fault = flood(50)
    assert len(facts) == 50
    assert fault is None
