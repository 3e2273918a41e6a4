"""A tunnel: octets both ways, each way closed when its sender closes it.

The first octets of the program are judged before any of them goes on; the server's may
come before (protocols in which the server speaks first).
"""

import asyncio
from dataclasses import dataclass

from zu_backends.egress.flow import Judge, JudgedWay, Room, Way
from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.pauses import Pauses
from zu_backends.egress.peek import PlainHttp, Undecided
from zu_backends.egress.policy import Deny, Refusal
from zu_backends.egress.stream import Stream


@dataclass(frozen=True, slots=True)
class Ended:
    """Both ways are closed, or one failed (`reason`)."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class HttpInside:
    """The program began with an HTTP request; `data` is what it sent, not yet passed on."""

    data: bytes


Outcome = Ended | HttpInside | Deny


class Idle:
    """Calls `expired` when nothing moved for `seconds`.

    The timer is set anew when it fires, not whenever something moves: a busy connection
    costs it nothing.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = self._loop.call_later(seconds, self._check)

    def touch(self) -> None:
        """Something moved."""
        self._last = self._loop.time()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.cancel()

    def expired(self) -> None:
        """Nothing moved; implemented by each kind."""
        raise NotImplementedError

    def _check(self) -> None:
        quiet = self._loop.time() - self._last
        if quiet >= self._seconds:
            self.expired()
        else:
            self._timer = self._loop.call_later(self._seconds - quiet, self._check)


class Clock(Idle):
    """Ends its `asyncio.timeout` when nothing moved."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.timeout = asyncio.timeout(None)

    def expired(self) -> None:
        """Raise TimeoutError in the task."""
        self.timeout.reschedule(self._loop.time())


class _Relay(Idle):
    """The two ways of a tunnel; `ended` has the outcome."""

    def __init__(
        self, client: Stream, upstream: Stream, judge: Judge, limits: EgressLimits, room: Room
    ) -> None:
        super().__init__(limits.idle_seconds)
        self._limits = limits
        self.ended: asyncio.Future[Outcome] = self._loop.create_future()
        self._open = 2
        self._client = client
        self._pauses = Pauses(limits)
        self._head: asyncio.TimerHandle | None = None
        touch, way_ended = self.touch, self._way_ended
        self._down = Way(upstream, client, room, touch, way_ended)
        self._up = JudgedWay(
            client, upstream, room, touch, way_ended, judge=judge, judged=self._judged
        )

    def start(self) -> None:
        """Begin both ways."""
        self._down.start()
        self._up.start()

    def stop(self) -> None:
        """End both ways where they are."""
        super().stop()
        self._down.stop()
        self._up.stop()
        if self._head is not None:
            self._head.cancel()

    def expired(self) -> None:
        """Nothing moved either way."""
        self._end(Ended(f"nothing moved for {self._limits.idle_seconds} s"))

    def _end(self, outcome: Outcome) -> None:
        if not self.ended.done():
            self.stop()
            self.ended.set_result(outcome)

    def _way_ended(self, error: OSError | None) -> None:
        self._open -= 1
        if error is not None:
            self._end(Ended(str(error)))
        elif not self._open:
            self._end(Ended())

    def _judged(self, verdict: Undecided | PlainHttp | Deny) -> None:
        if isinstance(verdict, Undecided):
            self._up.rest(self._pauses.next())
            if self._head is None:
                self._head = self._loop.call_later(self._limits.head_seconds, self._too_slow)
        elif isinstance(verdict, Deny):
            self._end(verdict)
        elif self._client.tally is not None and self._client.tally.received:
            reason = "an HTTP request to a server that speaks first"
            self._end(Deny(Refusal.NOT_HTTP, reason))
        else:
            self._end(HttpInside(self._up.first))

    def _too_slow(self) -> None:
        if self._up.undecided:
            reason = f"the first octets were not complete in {self._limits.head_seconds} s"
            self._end(Deny(Refusal.TIMEOUT, reason))


async def relay(
    client: Stream, upstream: Stream, judge: Judge, limits: EgressLimits, room: Room
) -> Outcome:
    """Carry octets until both ways are closed; neither stream is closed by this.

    Raises:
        CancelledError: only if this task is cancelled.
    """
    both = _Relay(client, upstream, judge, limits, room)
    try:
        both.start()
        return await both.ended
    finally:
        both.stop()
