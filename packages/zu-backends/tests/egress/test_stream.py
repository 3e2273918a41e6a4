import socket
from collections.abc import Iterator

import pytest

from zu_backends.egress.stream import Stream, Tally

from .conftest import listener


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with listener() as there, socket.create_connection(there.getsockname()) as program:
        accepted, _ = there.accept()
        with accepted:
            yield accepted, program


def test_a_tally_counts_all_and_keeps_the_first():
    tally = Tally(4)
    for data in (b"ab", b"cd", b"ef"):
        tally.took(data)
    assert (tally.sent, tally.sample) == (6, b"abcd")


@pytest.mark.parametrize(("back", "sample"), [(1, b"abcd"), (4, b"ab"), (6, b"")])
def test_what_belongs_to_the_next_request_is_given_back(back, sample):
    tally = Tally(4, b"abcdef")
    tally.gave_back(back)
    assert (tally.sent, tally.sample) == (6 - back, sample)


async def test_octets_are_counted_once(pair):
    stream = Stream(pair[0], Tally(10))
    pair[1].sendall(b"abc")
    assert await stream.recv(10) == b"abc"
    stream.push_back(b"bc")
    assert await stream.recv(1) == b"bc"
    await stream.send(b"xy")
    assert stream.tally is not None
    assert (stream.tally.sent, stream.tally.received) == (3, 2)
    assert pair[1].recv(10) == b"xy"


async def test_what_waits_is_taken_and_no_more(pair):
    stream = Stream(pair[0], Tally(10))
    pair[1].sendall(b"abcdef")
    assert stream.take_waiting(4) == b"abcd"
    assert stream.take_waiting(100) == b"ef"
    assert stream.take_waiting(100) == b""


async def test_finish_closes_one_way(pair):
    stream = Stream(pair[0])
    stream.finish()
    assert pair[1].recv(1) == b""
    pair[1].sendall(b"still")
    assert await stream.recv(10) == b"still"


async def test_reset_is_seen_as_one(pair):
    Stream(pair[0]).reset()
    with pytest.raises(ConnectionResetError):
        pair[1].recv(1)
