"""A task for the loop, its bounds and its result."""

from enum import StrEnum
from typing import Any

import msgspec

from zu_core.contracts.envelope import Envelope


class Status(StrEnum):
    """How a task stands."""

    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of one task; the first that is reached ends it.

    Attributes:
        steps: turns of the policy.
        tokens: tokens of all model calls.
        wall_seconds: time since the start.
        calls_per_turn: tool calls that one turn may ask for.
    """

    steps: int = 32
    tokens: int = 200_000
    wall_seconds: float = 600.0
    calls_per_turn: int = 8


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a policy is asked to do.

    Attributes:
        task_id: chosen by the caller; part of every event.
        goal: the task in words, as the policy gets it.
        envelope: upper bound of what its tools may do.
        budget: its bounds.
        output_schema: JSON Schema of the result, or None for free text.
    """

    task_id: str
    goal: str
    envelope: Envelope = Envelope()
    budget: Budget = Budget()
    output_schema: dict[str, Any] | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of a task.

    Attributes:
        status: how it ended.
        output: the policy's answer; None where there is none.
        reason: one sentence for a person.
    """

    task_id: str
    status: Status
    output: Any = None
    reason: str = ""
