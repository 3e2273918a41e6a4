import msgspec
import pytest

from zu_core.errors import IntegrityError
from zu_core.memory import MemorySink
from zu_core.ports import EventSink
from zu_core.testing import EventSinkSuite, TransparencyLogSuite, make_event


class TestMemorySink(EventSinkSuite):
    durable = False

    def make_sink(self) -> EventSink:
        return MemorySink()


class TestMemoryTree(TransparencyLogSuite):
    durable = False

    def make_log(self):
        return MemorySink()


async def test_an_edit_of_what_is_kept_is_found():
    sink = MemorySink()
    await sink.append_many(make_event(number) for number in range(3))
    entry, place = sink._rows[1]
    sink._rows[1] = msgspec.structs.replace(entry, payload=b'{"number":9}'), place
    with pytest.raises(IntegrityError, match="position 2, edited"):
        await sink.verify()
