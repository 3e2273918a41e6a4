"""`Journal`: the facts go out through here, so that their number has a bound.

A run that asks for more is no longer fully recorded. That is a fault to be seen, never
a shorter record.
"""

from collections.abc import Callable

from zu_backends.egress.limits import EgressLimits
from zu_core.events import EgressObserved

Observe = Callable[[EgressObserved], None]


class Journal:
    """Tells each fact to one observer, within the bounds of the limits.

    Attributes:
        facts: told so far.
        fault: why facts are missing, or None. The first reason stays.
    """

    def __init__(self, observe: Observe, limits: EgressLimits) -> None:
        self._observe = observe
        self._limits = limits
        self._bytes = 0
        self.facts = 0
        self.fault: str | None = None

    def tell(self, fact: EgressObserved) -> None:
        """Tell `fact`; beyond the bounds set the fault instead."""
        size = len(fact.sample) + len(fact.host) + len(fact.detail)
        if self.facts >= self._limits.records:
            self.fail(f"more than {self._limits.records} network facts")
        elif self._bytes + size > self._limits.record_bytes:
            self.fail(f"more than {self._limits.record_bytes} bytes of network facts")
        else:
            self._bytes += size
            self._hand_over(fact)

    def _hand_over(self, fact: EgressObserved) -> None:
        try:
            self._observe(fact)
        except Exception as error:  # noqa: BLE001 - the loss is shown, the network goes on
            self.fail(f"a network fact was not recorded: {type(error).__name__}: {error}")
        else:
            self.facts += 1

    def fail(self, reason: str) -> None:
        """Note that facts are missing or may be."""
        if self.fault is None:
            self.fault = reason
