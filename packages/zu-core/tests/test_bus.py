import asyncio
import logging

import pytest

from zu_core.bus import EventBus, Recorder
from zu_core.errors import ConfigError, Unavailable
from zu_core.events import ToolInvoked, payload_of
from zu_core.events.tool import Expectation
from zu_core.memory import MemorySink
from zu_core.testing import make_event


class Slow:
    """A sink that stores when it is told to."""

    def __init__(self):
        self.stored = asyncio.Event()

    async def append(self, event, /):
        await self.stored.wait()


class Full:
    async def append(self, event, /):
        raise Unavailable("the disk is full")


async def test_subscribers_hear_only_what_is_stored():
    sink, heard = Slow(), []
    bus = EventBus(sink)
    bus.subscribe(heard.append)
    event = make_event()
    publishing = asyncio.ensure_future(bus.publish(event))
    await asyncio.sleep(0)
    assert heard == []
    sink.stored.set()
    await publishing
    assert heard == [event]


async def test_a_failing_sink_tells_nobody():
    heard = []
    bus = EventBus(Full())
    bus.subscribe(heard.append)
    with pytest.raises(Unavailable):
        await bus.publish(make_event())
    assert heard == []


async def test_a_refused_event_tells_nobody():
    heard = []
    bus = EventBus(MemorySink())
    bus.subscribe(heard.append)
    with pytest.raises(ConfigError):
        await bus.publish(make_event(payload={"a": float("nan")}))
    assert heard == []


async def test_a_failing_subscriber_keeps_nobody_from_hearing(caplog):
    sink, heard = MemorySink(), []
    bus = EventBus(sink)

    async def slow(event):
        await asyncio.sleep(0)
        heard.append("slow")

    def broken(event):
        raise RuntimeError("no")

    async def broken_later(event):
        raise RuntimeError("no")

    for subscriber in (broken, broken_later, slow, lambda event: heard.append("quick")):
        bus.subscribe(subscriber)
    with caplog.at_level(logging.ERROR):
        await bus.publish(make_event())
    assert heard == ["slow", "quick"]
    assert len(caplog.records) == 2
    assert await sink.verify() == 1


async def test_a_subscriber_can_leave_while_it_is_told():
    bus, heard = EventBus(MemorySink()), []

    def once(event):
        heard.append(event)
        leave()

    leave = bus.subscribe(once)
    other = []
    bus.subscribe(other.append)
    await bus.publish(make_event(1))
    await bus.publish(make_event(2))
    leave()
    assert (len(heard), len(other)) == (1, 2)


async def test_the_recorder_makes_events_that_read_back_equal():
    sink = MemorySink()
    recorder = Recorder(EventBus(sink), trace_id="t", task_id="k", source="proxy")
    payload = ToolInvoked(
        tool="echo",
        arguments={"pair": (1, 2)},
        expects=(Expectation(kind="exec", contains="id"),),
        ctx={"run": 7},
    )
    event = await recorder.record(payload, parent_id="p", source="harness")
    (stored,) = [s async for s in sink.stream()]
    assert stored.event == event
    assert (event.type, event.source, event.parent_id) == (ToolInvoked.TYPE, "harness", "p")
    assert event.payload["arguments"] == {"pair": [1, 2]}
    found = payload_of(stored.event)
    assert found.expects == payload.expects
    assert found.ctx == {"run": 7}
    assert (await recorder.record(payload)).source == "proxy"
