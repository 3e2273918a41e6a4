import pytest

from zu_backends.sinks.sqlite import SqliteSink
from zu_core.ports import EventSink
from zu_core.testing import EventSinkSuite


class TestSqliteSink(EventSinkSuite):
    @pytest.fixture(autouse=True)
    def _store(self, tmp_path):
        self.path = tmp_path / "log.db"

    def make_sink(self) -> EventSink:
        return SqliteSink(self.path)
