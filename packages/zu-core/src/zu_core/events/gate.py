"""Events of gates: what was declared, which stage ran, what was decided and why."""

from typing import ClassVar, Final, Literal

import msgspec

from zu_core.contracts.envelope import Envelope
from zu_core.events.base import Payload

ENVELOPE_DECLARED: Final = "harness.envelope.declared"
STAGE_STARTED: Final = "harness.stage.started"
STAGE_ENDED: Final = "harness.stage.ended"
GATE_DECIDED: Final = "harness.gate.decided"
DEFENSE_BLOCKED: Final = "harness.defense.blocked"
VERDICT_REACHED: Final = "harness.verdict.reached"


class EnvelopeDeclared(Payload, frozen=True, kw_only=True):
    """What the target may do, and where that was declared (flags, file, nowhere)."""

    TYPE: ClassVar[str] = ENVELOPE_DECLARED
    envelope: Envelope
    origin: str = ""


class StageStarted(Payload, frozen=True, kw_only=True):
    """A stage of a gate run begins."""

    TYPE: ClassVar[str] = STAGE_STARTED
    stage: str


class StageEnded(Payload, frozen=True, kw_only=True):
    """A stage of a gate run ended.

    Attributes:
        outcome: "ran", or "did-not-run" with the reason. What was found is no property
            of a stage; observers decide that.
    """

    TYPE: ClassVar[str] = STAGE_ENDED
    stage: str
    outcome: Literal["ran", "did-not-run"]
    reason: str = ""
    elapsed_ms: float = 0.0


class GateDecided(Payload, frozen=True, kw_only=True):
    """An invocation gate judged a literal call, by `rule`; its parent is the call."""

    TYPE: ClassVar[str] = GATE_DECIDED
    decision: Literal["allow", "deny", "escalate"]
    rule: str
    tool: str = ""
    reason: str = ""
    approval: str = ""


class DefenseBlocked(Payload, frozen=True, kw_only=True):
    """A defence stopped an action of the policy or of a plugin."""

    TYPE: ClassVar[str] = DEFENSE_BLOCKED
    defense: str
    action: str
    reason: str = ""


class ObserverAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One observer's answer, as it goes into the record."""

    observer: str
    answer: Literal["held", "breach", "undetermined"]
    reason: str = ""
    evidence: tuple[str, ...] = ()


class VerdictReached(Payload, frozen=True, kw_only=True):
    """The gate's verdict over a target.

    Attributes:
        evidence of each answer: ids of the events that it rests on.
        undeclared: what the target did in harmless calls without declaring it.
    """

    TYPE: ClassVar[str] = VERDICT_REACHED
    verdict: Literal["pass", "fail", "needs-review", "inconclusive"]
    reason: str
    answers: tuple[ObserverAnswer, ...] = ()
    undeclared: tuple[str, ...] = ()
