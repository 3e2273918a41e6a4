from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.codec import Codecs
from zu_core.contracts import Event
from zu_core.entries import check_same, entry_of, event_of
from zu_core.errors import ConfigError, ProtocolError
from zu_core.testing import make_event

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
events = st.builds(
    Event,
    trace_id=texts,
    task_id=texts,
    type=st.sampled_from(["harness.a", "data.b"]),
    source=texts,
    payload=st.dictionaries(texts, st.integers() | texts, max_size=3),
    parent_id=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    event_id=texts,
    ts=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC) | zones),
)


@given(events)
def test_an_event_comes_back_as_it_was(event):
    codecs = Codecs()
    found = event_of(entry_of(event, codecs), codecs)
    assert found == event
    assert found.ts.utcoffset() == timedelta(0)


def test_microseconds_are_exact():
    assert (
        entry_of(make_event(ts=datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)), Codecs()).ts
        == 1_000_005
    )
    assert (
        entry_of(make_event(ts=datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)), Codecs()).ts
        == -1
    )


class Source(StrEnum):
    PROXY = "proxy"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"source": Source.PROXY}, "source is a Source, not a str"),
        ({"task_id": 5}, "task_id is a int"),
        ({"parent_id": b"x"}, "parent_id is a bytes"),
        ({"event_id": "\udc80"}, "event_id has no UTF-8 form"),
    ],
)
def test_fields_that_would_not_come_back_are_refused(fields, words):
    with pytest.raises(ConfigError, match=words):
        entry_of(make_event(**fields), Codecs())


@pytest.mark.parametrize(
    "change", [{"type": "other"}, {"ts": 2**62}, {"source": ""}, {"payload": b"["}]
)
def test_an_entry_that_is_no_event_is_a_protocol_error(change):
    entry = msgspec.structs.replace(entry_of(make_event(), Codecs()), **change)
    with pytest.raises(ProtocolError):
        event_of(entry, Codecs())


class Salted:
    """Gives another blob each time, as an encrypting codec does."""

    tag = "salted"

    def __init__(self):
        self.count = 0

    def encode(self, payload, /, *, trace_id, event_id):
        self.count += 1
        return b"%d:" % self.count + msgspec.json.encode(payload)

    def decode(self, blob, /, *, trace_id, event_id):
        return msgspec.json.decode(blob.partition(b":")[2])


def test_sameness_is_of_content_and_not_of_blobs():
    codecs = Codecs(Salted())
    event = make_event(payload={"a": 1})
    stored, again = entry_of(event, codecs), entry_of(event, codecs)
    assert stored != again
    check_same(stored, again, event, codecs)
    for payload in ({"a": 1.0}, {"a": True}, {}):
        other = msgspec.structs.replace(event, payload=payload)
        with pytest.raises(ConfigError, match="known with another content"):
            check_same(stored, entry_of(other, codecs), other, codecs)
