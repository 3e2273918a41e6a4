import pytest

from zu_backends.sinks.jsonl import JsonlSink
from zu_core.ports import EventSink
from zu_core.testing import EventSinkSuite


class TestJsonlSink(EventSinkSuite):
    @pytest.fixture(autouse=True)
    def _store(self, tmp_path):
        self.path = tmp_path / "log.jsonl"

    def make_sink(self) -> EventSink:
        return JsonlSink(self.path)
