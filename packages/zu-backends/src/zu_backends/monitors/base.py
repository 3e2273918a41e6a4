"""What every monitor can say about itself."""

from typing import Protocol

from zu_core.events.box import MonitorReported


class Monitor(Protocol):
    """A collector of facts that stands outside of the box."""

    @property
    def name(self) -> str:
        """The name that `MonitorReported.monitor` carries."""
        ...

    def report(self) -> MonitorReported:
        """Say how many facts were recorded, and whether they are all that there were."""
        ...


class Account:
    """The count of a monitor's facts, and the first reason why some are missing.

    The report says "complete" only after `finish`: a monitor that was not started, or has
    not ended, has not seen all that its source has.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.facts = 0
        self._finished = False
        self._reason = ""

    @property
    def lost(self) -> bool:
        """Whether facts are missing."""
        return bool(self._reason)

    def lose(self, reason: str) -> None:
        """State that facts are missing; the first reason is kept."""
        self._reason = self._reason or reason

    def finish(self) -> None:
        """State that the source has ended, or was left deliberately."""
        self._finished = True

    def report(self) -> MonitorReported:
        """The account as a fact of the record."""
        reason = self._reason
        if not reason and not self._finished:
            reason = "the monitor has not run to its end"
        return MonitorReported(
            monitor=self.name,
            state="lost" if reason else "complete",
            facts=self.facts,
            reason=reason,
        )
