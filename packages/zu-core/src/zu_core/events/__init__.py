"""The taxonomy: one constant and one payload type for each event of the harness.

`payload_of(event)` gives the typed payload; `PAYLOADS` is the whole table.
Types that are not in the table belong to consumers and are kept as they are.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from zu_core.contracts.event import Event
from zu_core.errors import ConfigError, ProtocolError
from zu_core.events.base import Payload
from zu_core.events.box import (
    BOX_ENDED,
    BOX_PROBED,
    BOX_STARTED,
    CANARY_PLANTED,
    EGRESS_OBSERVED,
    HOST_EFFECT_OBSERVED,
    MONITOR_REPORTED,
    PROGRAM_ENDED,
    PROGRAM_STARTED,
    RESOURCE_OBSERVED,
    BoxEnded,
    BoxProbed,
    BoxStarted,
    CanaryPlanted,
    CanaryTouched,
    Connected,
    Effect,
    EgressObserved,
    Executed,
    FileChanged,
    HostEffectObserved,
    MonitorReported,
    OpenedForWrite,
    ProbeCheck,
    ProgramEnded,
    ProgramStarted,
    ResourceObserved,
)
from zu_core.events.gate import (
    DEFENSE_BLOCKED,
    ENVELOPE_DECLARED,
    GATE_DECIDED,
    STAGE_ENDED,
    STAGE_STARTED,
    VERDICT_REACHED,
    DefenseBlocked,
    EnvelopeDeclared,
    GateDecided,
    ObserverAnswer,
    StageEnded,
    StageStarted,
    VerdictReached,
)
from zu_core.events.task import (
    TASK_COMPLETED,
    TASK_FAILED,
    TASK_STARTED,
    TaskCompleted,
    TaskFailed,
    TaskStarted,
)
from zu_core.events.tool import (
    TARGET_REQUESTED,
    TARGET_SAID,
    TOOL_INVOKED,
    TOOL_RETURNED,
    TOOLS_LISTED,
    Expectation,
    TargetRequested,
    TargetSaid,
    ToolDescription,
    ToolInvoked,
    ToolReturned,
    ToolsListed,
)

PAYLOADS: Final[Mapping[str, type[Payload]]] = MappingProxyType(
    {
        kind.TYPE: kind
        for kind in (
            TaskStarted,
            TaskCompleted,
            TaskFailed,
            EnvelopeDeclared,
            StageStarted,
            StageEnded,
            GateDecided,
            DefenseBlocked,
            VerdictReached,
            ToolsListed,
            ToolInvoked,
            ToolReturned,
            TargetSaid,
            TargetRequested,
            BoxStarted,
            BoxProbed,
            BoxEnded,
            ProgramStarted,
            ProgramEnded,
            CanaryPlanted,
            EgressObserved,
            HostEffectObserved,
            ResourceObserved,
            MonitorReported,
        )
    }
)


def payload_of(event: Event) -> Payload | None:
    """Return the typed payload of `event`, or None for a type of a consumer.

    Raises:
        ProtocolError: the payload has not the shape of its type.
    """
    kind = PAYLOADS.get(event.type)
    if kind is None:
        return None
    try:
        return msgspec.convert(event.payload, kind)
    except (msgspec.ValidationError, ConfigError) as error:
        raise ProtocolError(f"event {event.event_id} is no {event.type}: {error}") from error


__all__ = [
    "BOX_ENDED",
    "BOX_PROBED",
    "BOX_STARTED",
    "CANARY_PLANTED",
    "DEFENSE_BLOCKED",
    "EGRESS_OBSERVED",
    "ENVELOPE_DECLARED",
    "GATE_DECIDED",
    "HOST_EFFECT_OBSERVED",
    "MONITOR_REPORTED",
    "PAYLOADS",
    "PROGRAM_ENDED",
    "PROGRAM_STARTED",
    "RESOURCE_OBSERVED",
    "STAGE_ENDED",
    "STAGE_STARTED",
    "TARGET_REQUESTED",
    "TARGET_SAID",
    "TASK_COMPLETED",
    "TASK_FAILED",
    "TASK_STARTED",
    "TOOLS_LISTED",
    "TOOL_INVOKED",
    "TOOL_RETURNED",
    "VERDICT_REACHED",
    "BoxEnded",
    "BoxProbed",
    "BoxStarted",
    "CanaryPlanted",
    "CanaryTouched",
    "Connected",
    "DefenseBlocked",
    "Effect",
    "EgressObserved",
    "EnvelopeDeclared",
    "Executed",
    "Expectation",
    "FileChanged",
    "GateDecided",
    "HostEffectObserved",
    "MonitorReported",
    "ObserverAnswer",
    "OpenedForWrite",
    "Payload",
    "ProbeCheck",
    "ProgramEnded",
    "ProgramStarted",
    "ResourceObserved",
    "StageEnded",
    "StageStarted",
    "TargetRequested",
    "TargetSaid",
    "TaskCompleted",
    "TaskFailed",
    "TaskStarted",
    "ToolDescription",
    "ToolInvoked",
    "ToolReturned",
    "ToolsListed",
    "VerdictReached",
    "payload_of",
]
