"""`Event`: one fact of the record, as its producer states it."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec


def _new_id() -> str:
    return uuid4().hex


def _now() -> datetime:
    return datetime.now(UTC)


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One immutable entry of the record.

    An event carries no position and no hash: those belong to the store that keeps it
    (`zu_core.chain.Link`), so a producer can't claim them.

    Attributes:
        trace_id: the run that the event belongs to; the unit of the hash chain.
        task_id: the task within that run.
        type: namespaced name, `harness.*` (the harness saw or did it) or `data.*`
            (content that came from a policy, a plugin or a target).
        source: who states it ("harness", "proxy", "monitor.exec", ...).
        payload: JSON values only; the shape for each known type is in `zu_core.events`.
            `payload["ctx"]` holds fields of consumers.
        parent_id: the event that caused this one, if any.
        event_id: unique within a store; appends are idempotent by it.
        ts: when it was seen, in UTC. The defaults of `event_id` and `ts` are the only
            place where this package asks for randomness or the time.
    """

    trace_id: str
    task_id: str
    type: str
    source: str
    payload: dict[str, Any]
    parent_id: str | None = None
    event_id: str = msgspec.field(default_factory=_new_id)
    ts: datetime = msgspec.field(default_factory=_now)

    def __post_init__(self) -> None:
        if not self.type.startswith(("harness.", "data.")):
            raise ValueError(f"event type {self.type!r} is neither harness.* nor data.*")
        for name in ("trace_id", "task_id", "event_id", "source"):
            if not getattr(self, name):
                raise ValueError(f"event field {name} is empty")
        if self.ts.tzinfo is None:
            raise ValueError("event time has no time zone; use UTC")
