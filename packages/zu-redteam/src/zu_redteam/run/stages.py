"""Stages of a run, each bracketed by events that say whether it ran."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from zu_core.bus import Recorder
from zu_core.errors import ZuError
from zu_core.events import StageEnded, StageStarted
from zu_redteam.run.progress import Reporter

STAGES: Final = (
    "box", "start", "list", "harmless", "attack", "relist", "restart", "settle",
)  # fmt: skip
"""All stages, in order. A run in which one of them has no `StageEnded` was cut off."""


NOT_REACHED: Final = "not reached"
"""Reason of the stages behind one that ended the run."""


class DidNotRun(Exception):  # noqa: N818 - an outcome of a stage, no fault of ours
    """A stage could not be carried out on the target, for a reason that lies with it."""


class Note:
    """A word about a stage that ran, for its last event."""

    text: str = ""


class Stages:
    """Records where a run is."""

    def __init__(self, recorder: Recorder, reporter: Reporter) -> None:
        self._recorder = recorder
        self._reporter = reporter
        self._ended: set[str] = set()
        self._failed: set[str] = set()

    @asynccontextmanager
    async def stage(self, name: str) -> AsyncIterator[Note]:
        """Bracket the body; an exception of the body means "did-not-run" and goes on."""
        await self._recorder.record(StageStarted(stage=name))
        self._reporter.enter(name)
        started = time.monotonic()
        note, reason, outcome = Note(), "the run was cut off", False
        try:
            yield note
            outcome = True
        except (DidNotRun, ZuError) as error:
            reason = str(error)
            raise
        finally:
            self._end(name, ran=outcome)
            await self._recorder.record(
                StageEnded(
                    stage=name,
                    outcome="ran" if outcome else "did-not-run",
                    reason=note.text if outcome else reason,
                    elapsed_ms=round((time.monotonic() - started) * 1000, 1),
                )
            )

    async def skip(self, name: str, reason: str) -> None:
        """Record that a stage did not run."""
        self._end(name, ran=False)
        await self._recorder.record(StageEnded(stage=name, outcome="did-not-run", reason=reason))

    def _end(self, name: str, *, ran: bool) -> None:
        self._ended.add(name)
        if not ran:
            self._failed.add(name)

    async def skip_rest(self, reason: str) -> None:
        """Record that all stages that have not ended by now did not run.

        The reason is told once: here if no stage has told one, else by that stage.
        """
        for name in STAGES:
            if name not in self._ended:
                await self.skip(name, NOT_REACHED if self._failed else reason)
