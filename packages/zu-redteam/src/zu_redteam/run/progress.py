"""What a gate run says while it runs."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a run.

    Attributes:
        stage: name of the stage.
        done, total: calls made and planned in it; 0 of 0 where it makes none.
        case: id of the case under way, "" for none.
        elapsed: seconds since the run began.
    """

    stage: str
    done: int
    total: int
    case: str
    elapsed: float


Listener = Callable[[Progress], None]


class Reporter:
    """Tells a listener how far the run is."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener
        self._started = time.monotonic()
        self._stage = ""

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._started

    def enter(self, stage: str) -> None:
        """Tell that `stage` begins."""
        self._stage = stage
        self.step(0, 0)

    def step(self, done: int, total: int, case: str = "") -> None:
        """Tell that `done` of `total` calls of the stage are made."""
        if self._listener is not None:
            self._listener(Progress(self._stage, done, total, case, self.elapsed))
