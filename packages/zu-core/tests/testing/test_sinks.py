"""The suite itself: it needs no test framework, and it finds a sink that is wrong."""

import msgspec
import pytest

from zu_core.contracts import Event
from zu_core.memory import MemorySink
from zu_core.ports import EventSink, StoredEvent
from zu_core.testing import EventSinkSuite


class Forgetful(MemorySink):
    async def append(self, event: Event, /) -> StoredEvent:
        stored = await super().append(event)
        if stored.position > 2:
            self._rows.pop()
        return stored


class Repeating(MemorySink):
    async def append_many(self, events, /):
        self._by_id.clear()
        return await super().append_many(events)


class Trusting(MemorySink):
    async def verify(self, trace_id=None, /):
        return len(self._rows)


class Lossy(MemorySink):
    async def append_many(self, events, /):
        return await super().append_many(
            [msgspec.structs.replace(event, source=event.source.strip("\0")) for event in events]
        )


class EachOnItsOwn(MemorySink):
    async def append_many(self, events, /):
        return tuple([(await MemorySink.append_many(self, [event]))[0] for event in events])


async def outcomes(kind: type[MemorySink]) -> dict[str, bool]:
    class Suite(EventSinkSuite):
        durable = False

        def make_sink(self) -> EventSink:
            return kind()

    passed = {}
    for name in [name for name in dir(Suite) if name.startswith("test_")]:
        try:
            await getattr(Suite(), name)()
        except (AssertionError, IndexError):
            passed[name] = False
        else:
            passed[name] = True
    return passed


async def test_a_right_sink_passes_without_a_framework():
    passed = await outcomes(MemorySink)
    assert len(passed) > 15
    assert all(passed.values())


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (Forgetful, "test_appends_that_are_gathered_form_one_chain"),
        (Repeating, "test_append_is_idempotent"),
        (Repeating, "test_refuses_known_id_with_other_content"),
        (Trusting, "test_verify_counts"),
        (Lossy, "test_reads_back_equal"),
        (EachOnItsOwn, "test_refuses_what_would_not_read_back"),
    ],
)
async def test_a_wrong_sink_is_found(kind, test):
    assert (await outcomes(kind))[test] is False
