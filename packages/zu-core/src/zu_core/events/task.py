"""Events of a task's life."""

from typing import Any, ClassVar, Final

from zu_core.events.base import Payload

TASK_STARTED: Final = "harness.task.started"
TASK_COMPLETED: Final = "harness.task.completed"
TASK_FAILED: Final = "harness.task.failed"


class TaskStarted(Payload, frozen=True, kw_only=True):
    """A task began: what is run (`goal`), and by which version of the harness.

    Attributes:
        seed: of what is generated; None where nothing is.
        cases: ids of the only attack cases that run; () for all.
        flags: of the command line that began it, but for seed and cases: the same box
            can be made again with them.
    """

    TYPE: ClassVar[str] = TASK_STARTED
    goal: str
    argv: tuple[str, ...] = ()
    version: str = ""
    seed: int | None = None
    cases: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class TaskCompleted(Payload, frozen=True, kw_only=True):
    """A task ended as it should."""

    TYPE: ClassVar[str] = TASK_COMPLETED
    output: Any = None


class TaskFailed(Payload, frozen=True, kw_only=True):
    """A task ended without a result, for `reason`."""

    TYPE: ClassVar[str] = TASK_FAILED
    reason: str
    error: str = ""
