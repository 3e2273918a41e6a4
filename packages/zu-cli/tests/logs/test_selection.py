from datetime import UTC, datetime

import pytest

from zu_cli.logs.selection import Selection, parse_ctx, parse_time
from zu_core.codec import Codecs
from zu_core.errors import ConfigError, Unavailable

NOW = datetime(2026, 1, 8, tzinfo=UTC)


class Reader:
    def __init__(self, *payloads, codec=b"json1"):
        self.payloads = payloads
        self.codec = codec

    def rows(self, trace=None):
        for number, payload in enumerate(self.payloads, 1):
            yield (
                number, b"t", number, b"e%d" % number, None, b"k", b"data.x", number, b"s",
                self.codec, payload, b"", b"",
            )  # fmt: skip


def positions(selection, reader):
    return [row[0] for row, _ in selection.of(reader, Codecs())]


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("1.5", 1.5), ("true", True), ("null", None), ('{"a":1}', {"a": 1}), ("x", "x")],
)
def test_a_field_is_compared_by_its_text(text, value):
    payload = Codecs().encode({"ctx": {"k": value}}, trace_id="t", event_id="e")[1]
    reader = Reader(b"{}", b'{"ctx":[]}', b'{"ctx":{"k":"other"}}', payload)
    assert positions(Selection(ctx=(("k", text),)), reader) == [4]


def test_times_are_from_and_before():
    reader = Reader(b"{}", b"{}", b"{}")
    assert positions(Selection(since=2), reader) == [2, 3]
    assert positions(Selection(until=2), reader) == [1]


def test_what_can_not_be_read_is_no_miss():
    reader = Reader(b"blob", codec=b"aes")
    assert positions(Selection(), reader) == [1]
    with pytest.raises(Unavailable):
        positions(Selection(ctx=(("k", "v"),)), reader)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:04Z", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02T03:04+01:00", datetime(2026, 1, 2, 2, 4, tzinfo=UTC)),
        ("7d", datetime(2026, 1, 1, tzinfo=UTC)),
        ("90m", datetime(2026, 1, 7, 22, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read(text, moment):
    assert parse_time(text, NOW) == int(moment.timestamp()) * 1_000_000


@pytest.mark.parametrize("text", ["", "x", "7", "7y", "-7d", "999999999d", "2026-13-01"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ConfigError):
        parse_time(text, NOW)


def test_pairs_are_read():
    assert parse_time(None, NOW) is None
    assert parse_ctx(["a=b", "c=d=e", "f="]) == (("a", "b"), ("c", "d=e"), ("f", ""))
    for text in ("", "a", "=b"):
        with pytest.raises(ConfigError):
            parse_ctx([text])
