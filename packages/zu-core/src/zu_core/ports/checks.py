"""Seams to checks: before a call (gates), after an observation (detectors), at the end."""

from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import msgspec

from zu_core.ports.model import ToolCall
from zu_core.ports.tools import Observation


class Decision(StrEnum):
    """What a gate says to a call."""

    ALLOW = "allow"
    DENY = "deny"
    ESCALATE = "escalate"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, the id of the rule that made it, and one sentence for a person."""

    decision: Decision
    rule: str
    reason: str = ""


@runtime_checkable
class InvocationGate(Protocol):
    """Judges a literal call before it runs (ZU-CORE-2)."""

    async def judge(self, call: ToolCall, /, *, tainted: bool) -> Judgement:
        """Return the judgement; an exception denies calls that bear capabilities."""
        ...


@runtime_checkable
class Detector(Protocol):
    """Looks at an observation before the policy does."""

    async def detect(self, observation: Observation, /) -> tuple[str, ...]:
        """Return the names of what was found; empty where nothing was."""
        ...


@runtime_checkable
class Validator(Protocol):
    """Looks at a result before it is accepted."""

    async def validate(self, output: Any, /) -> tuple[str, ...]:
        """Return what is wrong, one sentence each; empty where all is well."""
        ...
