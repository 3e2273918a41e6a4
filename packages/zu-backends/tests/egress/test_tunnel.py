"""Tunnels end when both ways are closed, when one fails, or when nothing moves."""

import asyncio
import socket

import pytest

from zu_backends.egress import EgressLimits
from zu_backends.egress.flow import Judge, Room
from zu_backends.egress.peek import Pass, PlainHttp, Undecided
from zu_backends.egress.policy import Deny, Refusal
from zu_backends.egress.stream import Stream, Tally
from zu_backends.egress.tunnel import Clock, Ended, HttpInside, Outcome, relay

LIMITS = EgressLimits(idle_seconds=0.2, head_seconds=0.05)


class Ends:
    """A program at `near`, a server at `far`, a tunnel between them."""

    def __init__(self, judge: Judge) -> None:
        self.near, client = socket.socketpair()
        upstream, self.far = socket.socketpair()
        self.streams = (Stream(client, Tally(10)), Stream(upstream))
        self.outcome = asyncio.create_task(relay(*self.streams, judge, LIMITS, Room(LIMITS)))

    async def end(self) -> Outcome:
        try:
            return await asyncio.wait_for(self.outcome, 5)
        finally:
            for one in (self.near, self.far, *self.streams):
                one.close()


async def test_it_ends_when_both_ways_are_closed():
    ends = Ends(lambda *_: Pass())
    ends.near.shutdown(socket.SHUT_WR)
    ends.far.shutdown(socket.SHUT_WR)
    assert await ends.end() == Ended()


async def test_it_ends_when_nothing_moves():
    assert await Ends(lambda *_: Pass()).end() == Ended("nothing moved for 0.2 s")


async def test_first_octets_that_stay_undecided_are_refused():
    ends = Ends(lambda *_: Undecided())
    ends.near.send(b"x")
    outcome = await ends.end()
    assert isinstance(outcome, Deny)
    assert outcome.rule is Refusal.TIMEOUT


async def test_http_is_handed_over_unless_the_server_spoke_first():
    ends = Ends(lambda *_: PlainHttp())
    ends.near.send(b"GET")
    assert await ends.end() == HttpInside(b"GET")
    ends = Ends(lambda *_: PlainHttp())
    ends.far.send(b"220")
    await asyncio.get_running_loop().run_in_executor(None, ends.near.recv, 3)
    ends.near.send(b"GET")
    outcome = await ends.end()
    assert isinstance(outcome, Deny)
    assert outcome.rule is Refusal.NOT_HTTP


async def test_a_clock_that_is_touched_goes_on():
    clock = Clock(0.1)
    with pytest.raises(TimeoutError):  # noqa: PT012 - the time of the block is what is tested
        async with clock.timeout:
            for _ in range(4):
                await asyncio.sleep(0.05)
                clock.touch()
            await asyncio.sleep(5)
    clock.stop()
