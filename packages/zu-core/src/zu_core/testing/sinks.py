"""What every `EventSink` must do, ours or another's."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

from zu_core.chain import GENESIS, Verifier
from zu_core.codec import Codecs
from zu_core.contracts.event import Event
from zu_core.entries import entry_of
from zu_core.errors import ConfigError, Unavailable, ZuError
from zu_core.ports.storage import EventSink, StoredEvent

_CYCLE: list[Any] = []
_CYCLE.append(_CYCLE)

_REFUSED: tuple[tuple[str, Any], ...] = (
    ("not a number", float("nan")),
    ("infinity", float("inf")),
    ("bytes", b"x"),
    ("a tuple", (1, 2)),
    ("a set", {1}),
    ("a time", datetime(2024, 1, 1, tzinfo=UTC)),
    ("a key that is no text", {1: "x"}),
    ("a lone surrogate", "\ud800"),
    ("a lone surrogate in a key", {"\udfff": 1}),
    ("a cycle", _CYCLE),
    ("an integer of a megabit", 1 << 1_000_000),
)

_KEPT: dict[str, Any] = {
    "text": ["", "\0\x1f\x7f\u2028\ufeff", 'quote " and \\', "é 𝄞", "line\nfeed\r"],
    "numbers": [0, -1, 2**63, 2**64, -(2**100), 0.0, -0.0, 1.0, 1e16, 5e-324, 1.7e308],
    "others": [None, True, False, [], {}, [[[[]]]], {"": {"a\0b": None}}],
}


def make_event(number: int = 0, *, trace_id: str = "trace", **fields: Any) -> Event:
    """Return an event that differs from those of other numbers."""
    values: dict[str, Any] = {
        "trace_id": trace_id,
        "task_id": "task",
        "type": "harness.test.made",
        "source": "suite",
        "payload": {"number": number},
    }
    return Event(**(values | fields))


class EventSinkSuite(ABC):
    """Inherit from this, name the class `Test...` for pytest, and give `make_sink`.

    Each `test_*` is a coroutine function on a fresh store; without pytest, await them.

    Attributes:
        durable: whether a second sink on the same store finds what the first one stored.
    """

    durable: ClassVar[bool] = True

    @abstractmethod
    def make_sink(self) -> EventSink:
        """Return a sink on this instance's store, as a new process would open it."""
        ...

    async def test_is_an_event_sink(self) -> None:
        """It has the methods of the port."""
        sink = self.make_sink()
        _check(isinstance(sink, EventSink), "it has not the methods of EventSink")
        await sink.close()

    async def test_append_returns_place_and_event(self) -> None:
        """Positions count the store, links count the trace."""
        sink = self.make_sink()
        first = await sink.append(make_event(1, trace_id="a"))
        second = await sink.append(make_event(2, trace_id="b"))
        third = await sink.append(make_event(3, trace_id="a"))
        _equal([s.position for s in (first, second, third)], [1, 2, 3])
        _equal([s.link.seq for s in (first, second, third)], [1, 1, 2])
        _equal([first.link.prev, second.link.prev], [GENESIS, GENESIS])
        _equal(third.link.prev, first.link.hash)
        await sink.close()

    async def test_links_are_those_of_the_chain(self) -> None:
        """A verifier that never saw the store accepts its links."""
        sink = self.make_sink()
        verifier, codecs = Verifier(), Codecs()
        for number in range(6):
            stored = await sink.append(make_event(number, trace_id=f"trace {number % 2}"))
            verifier.add(entry_of(stored.event, codecs), stored.link)
        _equal(verifier.count, 6)
        await sink.close()

    async def test_reads_back_equal(self) -> None:
        """Whatever was accepted reads back equal, type for type."""
        sink = self.make_sink()
        event = make_event(
            payload=_KEPT,
            parent_id="",
            source="\0é",
            ts=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        )
        old = make_event(ts=datetime(1, 1, 1, tzinfo=UTC), parent_id="p")
        await sink.append_many([event, old])
        found = [stored.event for stored in await _all(sink)]
        _equal(found, [event, old])
        _equal(repr(found[0].payload), repr(_sorted(_KEPT)))
        await sink.close()

    async def test_time_reads_back_in_utc(self) -> None:
        """The moment is kept, the time zone is not."""
        sink = self.make_sink()
        east = timezone(timedelta(hours=5, minutes=30))
        await sink.append(make_event(ts=datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=east)))
        (stored,) = await _all(sink)
        _equal(stored.event.ts, datetime(2024, 2, 28, 19, 32, 3, 4, tzinfo=UTC))
        _equal(stored.event.ts.utcoffset(), timedelta(0))
        await sink.close()

    async def test_refuses_what_would_not_read_back(self) -> None:
        """Such an event is refused, and nothing of its batch is stored."""
        sink = self.make_sink()
        for name, value in _REFUSED:
            batch = [make_event(1), make_event(2, payload={"deep": [value]})]
            await _raises(sink.append_many(batch), ConfigError, name)
        await _raises(sink.append(make_event(source="\ud800")), ConfigError, "a source")
        _equal(await _all(sink), [])
        await sink.close()

    async def test_refuses_nesting_that_blocks_readers(self) -> None:
        """As deep as is accepted, a stream still reads; deeper is refused."""
        sink = self.make_sink()
        deep: Any = "bottom"
        accepted = 0
        for _ in range(2000):
            deep = [deep]
            try:
                await sink.append(make_event(payload={"deep": deep}))
            except ConfigError:
                break
            accepted += 1
        _check(16 <= accepted < 2000, f"{accepted} levels are accepted")
        _equal(len(await _all(sink)), accepted)
        await sink.close()

    async def test_append_is_idempotent(self) -> None:
        """The same event again changes nothing and returns the first place."""
        sink = self.make_sink()
        event = make_event(1)
        first = await sink.append(event)
        await sink.append(make_event(2))
        again = await sink.append(event)
        _equal((again.position, again.link), (first.position, first.link))
        third = make_event(3)
        both = await sink.append_many([third, third])
        _equal(both[0].link, both[1].link)
        _equal(await sink.verify(), 3)
        await sink.close()

    async def test_refuses_known_id_with_other_content(self) -> None:
        """Also where the values are equal but their types differ."""
        sink = self.make_sink()
        event = make_event(event_id="known", payload={"a": 1})
        await sink.append(event)
        changes: tuple[dict[str, Any], ...] = (
            {"payload": {"a": 2}},
            {"payload": {"a": 1.0}},
            {"payload": {"a": True}},
            {"source": "other"},
            {"parent_id": ""},
            {"ts": event.ts + timedelta(microseconds=1)},
            {"trace_id": "other"},
        )
        for change in changes:
            fields: dict[str, Any] = {
                "event_id": "known",
                "payload": {"a": 1},
                "ts": event.ts,
            } | change
            await _raises(sink.append(make_event(**fields)), ConfigError, str(change))
        batch = [make_event(1, event_id="new"), make_event(2, event_id="new")]
        await _raises(sink.append_many(batch), ConfigError, "a batch")
        _equal(await sink.verify(), 1)
        await sink.close()

    async def test_append_many_keeps_order(self) -> None:
        """An empty batch is none; a batch is stored in its order."""
        sink = self.make_sink()
        _equal(await sink.append_many([]), ())
        batch = [make_event(number, trace_id=f"t{number % 3}") for number in range(50)]
        stored = await sink.append_many(iter(batch))
        _equal([s.position for s in stored], list(range(1, 51)))
        _equal([s.event for s in await _all(sink)], batch)
        await sink.close()

    async def test_appends_that_are_gathered_form_one_chain(self) -> None:
        """Appends of one trace that wait together keep the order of their calls."""
        sink = self.make_sink()
        batch = [make_event(number) for number in range(40)]
        stored = await asyncio.gather(*(sink.append(event) for event in batch))
        _equal([s.link.seq for s in stored], list(range(1, 41)))
        _equal(await sink.verify(), 40)
        await sink.close()

    async def test_cancelled_append_is_stored_or_not(self) -> None:
        """Appending the event again stores it once, whatever came of the first attempt."""
        sink = self.make_sink()
        events = [make_event(number) for number in range(20)]
        tasks = [asyncio.ensure_future(sink.append(event)) for event in events]
        for turn, task in enumerate(tasks):
            if turn % 3 == 0:
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for event in events:
            await sink.append(event)
        _equal(await sink.verify(), 20)
        _equal({s.event.event_id for s in await _all(sink)}, {e.event_id for e in events})
        await sink.close()

    async def test_stream_starts_after_a_position(self) -> None:
        """By trace or whole; positions are those of the store."""
        sink = self.make_sink()
        await sink.append_many(make_event(n, trace_id="ab"[n % 2]) for n in range(10))
        found = [s.position async for s in sink.stream(after=7)]
        _equal(found, [8, 9, 10])
        found = [s.position async for s in sink.stream(trace_id="b", after=4)]
        _equal(found, [6, 8, 10])
        found = [s.position async for s in sink.stream(trace_id="none")]
        _equal(found, [])
        await sink.close()

    async def test_stream_goes_on_while_events_come(self) -> None:
        """A stream yields each event once, in order, though the store grows under it."""
        sink = self.make_sink()
        await sink.append_many(make_event(number) for number in range(700))
        seen = []
        async for stored in sink.stream():
            if stored.position % 100 == 0 and stored.position <= 700:
                await sink.append(make_event(stored.position + 1000))
            seen.append(stored.position)
        _equal(seen[:700], list(range(1, 701)))
        _equal(seen, sorted(set(seen)))
        await sink.close()

    async def test_verify_counts(self) -> None:
        """The whole store, one trace, no trace."""
        sink = self.make_sink()
        _equal(await sink.verify(), 0)
        await sink.append_many(make_event(n, trace_id="ab"[n % 2]) for n in range(7))
        _equal([await sink.verify(), await sink.verify("a"), await sink.verify("c")], [7, 4, 0])
        await sink.close()

    async def test_closed_sink_refuses(self) -> None:
        """A second close does nothing; other calls say that it is closed."""
        sink = self.make_sink()
        await sink.append(make_event())
        await sink.close()
        await sink.close()
        await _raises(sink.append(make_event()), Unavailable, "append")
        await _raises(sink.verify(), Unavailable, "verify")

    async def test_second_sink_goes_on(self) -> None:
        """What was stored is found, and its chain continued, by the next process."""
        if not self.durable:
            return
        sink = self.make_sink()
        first = await sink.append(make_event(1, event_id="one"))
        kept = first.event
        await sink.close()
        sink = self.make_sink()
        _equal((await sink.append(kept)).link, first.link)
        second = await sink.append(make_event(2))
        _equal((second.position, second.link.prev), (2, first.link.hash))
        _equal([s.link for s in await _all(sink)], [first.link, second.link])
        await sink.close()

    async def test_two_sinks_share_a_store(self) -> None:
        """Appends in turns through two sinks make one chain."""
        if not self.durable:
            return
        one, two = self.make_sink(), self.make_sink()
        for number in range(10):
            await (one if number % 2 else two).append(make_event(number))
        await asyncio.gather(*((one, two)[n % 2].append(make_event(n)) for n in range(10, 40)))
        _equal([await one.verify(), await two.verify("trace")], [40, 40])
        _equal(await _all(one), await _all(two))
        await one.close()
        await two.close()


async def _all(sink: EventSink) -> list[StoredEvent]:
    return [stored async for stored in sink.stream()]


async def _raises(call: Awaitable[object], kind: type[ZuError], what: str) -> None:
    try:
        await call
    except kind:
        return
    raise AssertionError(f"{what} raises no {kind.__name__}")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(member) for member in value] if isinstance(value, list) else value


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _equal(found: object, wanted: object) -> None:
    _check(found == wanted, f"found {found!r}, not {wanted!r}")
