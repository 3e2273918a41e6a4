"""How long to wait for more of a head that comes in pieces."""

from zu_backends.egress.limits import EgressLimits

_FIRST_SECONDS = 0.001


class Pauses:
    """None at first; then each is twice as long as the one before, up to the limit."""

    def __init__(self, limits: EgressLimits) -> None:
        self._longest = limits.patience_seconds
        self._next = 0.0

    def next(self) -> float:
        """Seconds to let pass before the next piece is read."""
        now = self._next
        self._next = min(max(now * 2, _FIRST_SECONDS), self._longest)
        return now
