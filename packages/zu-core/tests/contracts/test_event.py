from datetime import UTC, datetime

import msgspec
import pytest

from zu_core.contracts import Event

FIELDS = {"trace_id": "t", "task_id": "k", "type": "harness.x", "source": "s", "payload": {}}


def test_ids_and_times_are_given():
    one, two = Event(**FIELDS), Event(**FIELDS)
    assert one.event_id != two.event_id
    assert len(one.event_id) == 32
    assert one.ts.tzinfo is UTC
    assert one.parent_id is None


def test_an_event_can_not_be_changed():
    with pytest.raises(AttributeError):
        Event(**FIELDS).type = "data.x"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "x"}, "neither harness"),
        ({"type": "harness"}, "neither harness"),
        ({"trace_id": ""}, "trace_id is empty"),
        ({"task_id": ""}, "task_id is empty"),
        ({"event_id": ""}, "event_id is empty"),
        ({"source": ""}, "source is empty"),
        ({"ts": datetime(2024, 1, 1)}, "no time zone"),
    ],
)
def test_a_wrong_event_is_not_made(change, words):
    with pytest.raises(ValueError, match=words):
        Event(**(FIELDS | change))


@pytest.mark.parametrize("field", ["seq", "hash", "prev", "position", "link"])
def test_an_event_has_no_place_in_a_chain(field):
    with pytest.raises(TypeError):
        Event(**FIELDS, **{field: 1})
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(FIELDS | {field: 1}, Event)
