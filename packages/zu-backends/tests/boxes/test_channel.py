"""The asynchronous end of a message socket."""

import asyncio
import os
import socket

import pytest

from zu_backends.boxes import wire
from zu_backends.boxes.channel import Channel


@pytest.fixture
async def pair():
    channel, other = Channel.pair()
    with other:
        yield channel, other
    channel.close()


async def test_a_message_comes_with_descriptors_and_the_sender_s_pid(pair):
    channel, other = pair
    wire.send(other, wire.KillProgram(7), (other.fileno(),))
    received = await channel.receive()
    assert (received.message, received.pid) == (wire.KillProgram(7), os.getpid())
    (descriptor,) = received.descriptors
    assert not os.get_inheritable(descriptor)
    socket.socket(fileno=descriptor).close()


async def test_receiving_waits(pair):
    channel, other = pair
    waiting = asyncio.create_task(channel.receive())
    await asyncio.sleep(0)
    wire.send(other, wire.Go())
    assert (await waiting).message == wire.Go()


async def test_sending_waits_while_nobody_reads(pair):
    channel, other = pair
    sending = asyncio.gather(*(channel.send(wire.Failed("x" * 60000, "")) for _ in range(20)))
    for _ in range(20):
        message, _descriptors = await asyncio.to_thread(wire.receive, other)
        assert message.message == "x" * 60000
    await sending


async def test_the_other_end_s_end_is_the_end(pair):
    channel, other = pair
    other.close()
    assert await channel.receive() is None
    with pytest.raises(ConnectionError):
        await channel.send(wire.Go())


async def test_closing_wakes_who_waits(pair):
    channel, _other = pair
    waiting = asyncio.create_task(channel.receive())
    await asyncio.sleep(0)
    channel.close()
    assert await waiting is None
    assert await channel.receive() is None
    with pytest.raises(ConnectionError):
        await channel.send(wire.Go())


async def test_a_descriptor_s_next_owner_is_heard():
    """A channel that is closed while it waits leaves nothing in the event loop."""
    channel, other = Channel.pair()
    waiting = asyncio.create_task(channel.receive())
    await asyncio.sleep(0)
    number = channel._socket.fileno()
    waiting.cancel()
    channel.close()
    next_channel, next_other = Channel.pair()
    with other, next_other:
        assert number in (next_channel._socket.fileno(), next_other.fileno())
        waiting = asyncio.create_task(next_channel.receive())
        await asyncio.sleep(0)
        wire.send(next_other, wire.Go())
        async with asyncio.timeout(5):
            assert (await waiting).message == wire.Go()
        next_channel.close()
