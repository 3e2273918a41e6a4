"""The order of facts, their parents, and what happens where they can't be recorded."""

import asyncio
import threading

import pytest

from zu_backends.contained import facts
from zu_backends.contained.facts import FactJournal
from zu_core.bus import EventBus, Recorder
from zu_core.errors import Unavailable
from zu_core.events import (
    BoxEnded,
    CanaryTouched,
    EgressObserved,
    Executed,
    HostEffectObserved,
)
from zu_core.memory import MemorySink

CANARY = CanaryTouched(name="netrc", path="/home/tool/.netrc", access="opened")


def executed(name: str) -> Executed:
    return Executed(path=name, argv=(name,), pid=1)


def sent(sample: bytes, host: str = "") -> EgressObserved:
    return EgressObserved(channel="tcp", decision="denied", rule="r", host=host, sample=sample)


class Slow(MemorySink):
    """Stores nothing before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def append(self, event, /):
        await self.go.wait()
        return await super().append(event)


class Full(MemorySink):
    """A disk that is full from the start."""

    async def append(self, event, /):
        raise OSError(28, "No space left on device")


class Record:
    """A journal and what it recorded."""

    def __init__(self, sink: MemorySink) -> None:
        self.events = []
        bus = EventBus(sink)
        bus.subscribe(self.events.append)
        self.journal = FactJournal(Recorder(bus, trace_id="t", task_id="k"))

    def names(self) -> list[str]:
        return [
            event.payload["effect"]["path"] if "effect" in event.payload else event.type
            for event in self.events
        ]


@pytest.fixture
async def record():
    made = Record(MemorySink())
    yield made
    await made.journal.close()


async def in_thread(work) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)


async def test_facts_are_recorded_in_the_order_of_arrival(record):
    journal = record.journal
    canaries, calls = journal.taker("monitor.canaries"), journal.taker_from_thread("monitor.calls")
    calls(executed("first"))
    canaries(CANARY)
    calls(executed("second"))
    journal.put(BoxEnded())
    calls(executed("third"))
    await journal.flush()
    assert record.names() == ["first", CANARY.path, "second", BoxEnded.TYPE, "third"]
    assert [event.source for event in record.events] == [
        "monitor.calls",
        "monitor.canaries",
        "monitor.calls",
        "harness",
        "monitor.calls",
    ]


async def test_facts_of_a_thread_come_without_being_asked_for(record):
    take = record.journal.taker_from_thread("calls")
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        for number in range(100):
            take(executed(str(number)))
        loop.call_soon_threadsafe(arrived.set)

    await in_thread(work)
    async with asyncio.timeout(5):
        while len(record.events) < 100:
            await asyncio.sleep(0.001)
    assert record.names() == [str(number) for number in range(100)]


async def test_a_fact_belongs_to_what_was_current_when_it_arrived():
    sink = Slow()
    record = Record(sink)
    take = record.journal.taker_from_thread("calls")
    for parent in ("one", "two", None):
        record.journal.attribute(parent)
        take(executed(str(parent)))
    record.journal.attribute("later")
    sink.go.set()
    await record.journal.close()
    assert [
        (event.parent_id, *record.names()[n : n + 1]) for n, event in enumerate(record.events)
    ] == [
        ("one", "one"),
        ("two", "two"),
        (None, "None"),
    ]


class TestProbing:
    async def test_facts_are_traces_and_are_not_recorded(self, record):
        journal = record.journal
        take, see = journal.taker_from_thread("calls"), journal.taker("proxy")
        take(executed("before"))
        journal.start_probe("n0nce")
        take(executed("probe"))
        see(sent(b"n0nce"))
        see(sent(b"", host="n0nce.zu-probe.invalid"))
        see(CANARY)
        journal.end_probe()
        take(executed("after"))
        await journal.flush()
        assert record.names() == ["before", "after"]
        assert [trace.monitor for trace in journal.traces] == ["exec", "tcp", "tcp", "canary"]

    async def test_what_goes_over_the_network_without_the_nonce_is_a_fact(self, record):
        record.journal.start_probe("n0nce")
        record.journal.taker("proxy")(sent(b"of the program before"))
        record.journal.end_probe()
        await record.journal.flush()
        assert [event.type for event in record.events] == [EgressObserved.TYPE]
        assert record.journal.traces == []

    async def test_payloads_are_recorded_all_the_same(self, record):
        record.journal.start_probe("n0nce")
        record.journal.put(BoxEnded())
        await record.journal.flush()
        assert record.names() == [BoxEnded.TYPE]

    async def test_traces_are_waited_for(self, record):
        journal = record.journal
        journal.start_probe("n0nce")
        take = journal.taker_from_thread("calls")
        waiting = asyncio.create_task(journal.wait_for_traces(lambda: len(journal.traces) == 2, 5))
        await asyncio.sleep(0)
        await in_thread(lambda: (take(executed("a")), take(executed("b"))))
        await waiting
        assert len(journal.traces) == 2

    async def test_traces_that_do_not_come_are_not_waited_for_long(self, record):
        record.journal.start_probe("n0nce")
        await asyncio.wait_for(record.journal.wait_for_traces(lambda: False, 0.05), 2)

    async def test_each_probe_has_its_own_traces(self, record):
        journal = record.journal
        journal.start_probe("one")
        journal.taker("calls")(executed("x"))
        journal.start_probe("two")
        assert journal.traces == []


class TestSettle:
    async def test_returns_after_a_quiet_while(self, record):
        take = record.journal.taker("calls")
        loop = asyncio.get_running_loop()
        for number in range(3):
            loop.call_later(0.02 * number, take, executed(str(number)))
        await record.journal.settle(0.2)
        assert record.names() == ["0", "1", "2"]

    async def test_does_not_wait_for_ever_for_a_restless_program(self, record, monkeypatch):
        monkeypatch.setattr(facts, "RESTLESS_SECONDS", 0.2)
        take = record.journal.taker("calls")

        async def chatter() -> None:
            while True:
                take(executed("again"))
                await asyncio.sleep(0.005)

        task = asyncio.create_task(chatter())
        await asyncio.wait_for(record.journal.settle(0.05), 5)
        task.cancel()
        assert len(record.events) > 5


class TestFailure:
    @pytest.mark.parametrize("call", ["flush", "settle", "close"])
    async def test_of_the_store_is_told_to_who_waits(self, call):
        journal = Record(Full()).journal
        journal.taker("calls")(executed("a"))
        journal.taker("calls")(executed("b"))
        waits = journal.settle(0.05) if call == "settle" else getattr(journal, call)()
        with pytest.raises(Unavailable, match="could not be recorded") as caught:
            await asyncio.wait_for(waits, 5)
        assert "No space left" in caught.value.message
        assert caught.value.advice

    async def test_is_told_again(self):
        journal = Record(Full()).journal
        journal.put(BoxEnded())
        for _ in range(2):
            with pytest.raises(Unavailable):
                await asyncio.wait_for(journal.flush(), 5)
        journal.put(BoxEnded())
        with pytest.raises(Unavailable):
            await asyncio.wait_for(journal.close(), 5)
        await journal.close()

    async def test_of_the_store_is_told_at_the_end_of_a_box(self, lab):
        lab.sink.append = Full().append
        with pytest.raises(Unavailable, match="could not be recorded"):
            async with lab.box() as box:
                await lab.run(box, ["/bin/true"])


async def test_close_records_what_waits_and_leaves_no_task():
    record = Record(MemorySink())
    record.journal.taker("calls")(executed("last"))
    await record.journal.close()
    await record.journal.close()
    assert record.names() == ["last"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_payload_keeps_its_kind(record):
    record.journal.taker("m")(CANARY)
    await record.journal.flush()
    assert record.events[0].type == HostEffectObserved.TYPE
