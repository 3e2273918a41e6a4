import msgspec
import pytest

from zu_core.contracts import Budget, Envelope, Result, Status, TaskSpec


def test_contracts_come_back_from_json():
    for value in (
        TaskSpec(task_id="k", goal="g", envelope=Envelope(exec=("git",)), budget=Budget(steps=3)),
        Result(task_id="k", status=Status.FAILED, output=[1, None], reason="r"),
    ):
        assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


@pytest.mark.parametrize("kind", [TaskSpec, Budget, Result])
def test_an_unknown_key_is_refused(kind):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"task_id": "k", "goal": "g", "status": "failed", "more": 1}, kind)


def test_contracts_can_not_be_changed():
    with pytest.raises(AttributeError):
        Budget().steps = 1000
