"""The table of `zu_core.events`: complete, and each of its types comes back as it was."""

import typing
from types import NoneType
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zu_core import events
from zu_core.bus import EventBus, Recorder
from zu_core.codec import JsonCodec
from zu_core.contracts.envelope import Envelope
from zu_core.contracts.limits import Limits
from zu_core.errors import ProtocolError
from zu_core.events import PAYLOADS, Payload, payload_of
from zu_core.memory import MemorySink
from zu_core.testing import make_event

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
json_values = st.none() | st.booleans() | st.integers() | texts | st.lists(texts, max_size=2)
leaves: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
    bytes: st.binary(max_size=10),
    Any: json_values,
    dict[str, Any]: st.dictionaries(texts, json_values, max_size=2),
    Limits: st.just(Limits(processes=3)),
    Envelope: st.just(Envelope(egress=("example.com:443",), exec=("git",))),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    if kind in leaves:
        return leaves[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        assert arguments[1] is ..., kind
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is not None:
        return st.one_of(*map(values_of, arguments))
    assert issubclass(kind, msgspec.Struct), kind
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: values_of(hints[name]) for name in kind.__struct_fields__})


def constants() -> dict[str, str]:
    modules = (events.box, events.gate, events.task, events.tool)
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and value.startswith(("harness.", "data."))
    }


def payload_types() -> list[type[Payload]]:
    found, rest = [], [Payload]
    while rest:
        below = rest.pop().__subclasses__()
        found += [kind for kind in below if kind.__module__.startswith("zu_core.")]
        rest += below
    return found


@pytest.mark.parametrize("name", sorted(PAYLOADS))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_a_payload_comes_back_from_the_store_as_it_was(name, data):
    payload = data.draw(values_of(PAYLOADS[name]))
    sink = MemorySink()

    async def through() -> Payload | None:
        recorder = Recorder(EventBus(sink), trace_id="t", task_id="k")
        recorded = await recorder.record(payload)
        (stored,) = [found async for found in sink.stream()]
        assert stored.event == recorded
        assert recorded.type == name
        return payload_of(stored.event)

    coroutine = through()
    with pytest.raises(StopIteration) as ended:  # it never waits: the sink is in memory
        coroutine.send(None)
    assert ended.value.value == payload


def test_the_table_covers_all_constants_and_types():
    assert sorted(constants().values()) == sorted(PAYLOADS)
    assert {kind.TYPE for kind in payload_types()} == set(PAYLOADS)
    assert len(payload_types()) == len(PAYLOADS)


def test_all_names_are_exported():
    names = {kind.__name__ for kind in PAYLOADS.values()} | set(constants())
    assert names <= set(events.__all__)
    assert all(hasattr(events, name) for name in events.__all__)


def test_a_type_of_a_consumer_is_kept_as_it_is():
    assert payload_of(make_event(type="harness.consumer.own", payload={"a": 1})) is None


@pytest.mark.parametrize(
    ("type_", "payload"),
    [
        (events.TASK_STARTED, {}),
        (events.TASK_STARTED, {"goal": 1}),
        (events.TASK_STARTED, {"goal": "x", "surprise": 1}),
        (events.TASK_FAILED, {"reason": ["x"]}),
        (events.STAGE_ENDED, {"stage": "x", "outcome": "fine"}),
        (events.HOST_EFFECT_OBSERVED, {"effect": {"kind": "other"}}),
        (events.ENVELOPE_DECLARED, {"envelope": {"egress": ["*"]}}),
        (events.RESOURCE_OBSERVED, {"resource": "cpu_seconds", "used": "all", "limit": 1}),
    ],
)
def test_a_wrong_shape_is_a_protocol_error(type_, payload):
    with pytest.raises(ProtocolError, match="is no"):
        payload_of(make_event(type=type_, payload=payload))


def test_defaults_are_not_stored():
    payload = msgspec.to_builtins(events.TaskFailed(reason="x"))
    assert JsonCodec().encode(payload) == b'{"reason":"x"}'
