"""The frozen types that packages hand to each other."""

from zu_core.contracts.box import BoxSpec, Canary, Exit, Mount, Usage
from zu_core.contracts.envelope import Envelope
from zu_core.contracts.event import Event
from zu_core.contracts.limits import Limits
from zu_core.contracts.task import Budget, Result, Status, TaskSpec

__all__ = [
    "BoxSpec",
    "Budget",
    "Canary",
    "Envelope",
    "Event",
    "Exit",
    "Limits",
    "Mount",
    "Result",
    "Status",
    "TaskSpec",
    "Usage",
]
