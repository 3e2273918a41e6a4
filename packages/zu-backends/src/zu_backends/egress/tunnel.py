"""A tunnel: octets both ways, each way closed when its sender closes it.

The first octets of the program are judged before any of them goes on; the server's may
come before (protocols in which the server speaks first).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.peek import PlainHttp, Undecided, Verdict
from zu_backends.egress.policy import Deny, Refusal
from zu_backends.egress.stream import Stream

Judge = Callable[[bytes, bool], Verdict]


@dataclass(frozen=True, slots=True)
class Ended:
    """Both ways are closed, or one failed (`reason`)."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class HttpInside:
    """The program began with an HTTP request; `data` is what it sent, not yet passed on."""

    data: bytes


class Clock:
    """Puts the end of an `asyncio.timeout` off whenever something moves."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self.timeout = asyncio.timeout(seconds)

    def touch(self) -> None:
        """Something moved."""
        self.timeout.reschedule(self._loop.time() + self._seconds)


async def relay(
    client: Stream, upstream: Stream, judge: Judge, limits: EgressLimits
) -> Ended | HttpInside | Deny:
    """Carry octets until both ways are closed; neither stream is closed by this.

    Raises:
        CancelledError: only if this task is cancelled.
    """
    clock = Clock(limits.idle_seconds)
    outcome: HttpInside | Deny | None = None
    broken: Ended | None = None
    try:
        async with clock.timeout, asyncio.TaskGroup() as group:
            down = group.create_task(_pump(upstream, client, clock, limits))
            outcome = await _upward(client, upstream, judge, clock, limits)
            if outcome is not None:
                down.cancel()
    except* OSError as failures:  # TimeoutError is one
        broken = Ended(_reason(failures) or f"nothing moved for {limits.idle_seconds} s")
    return broken or outcome or Ended()


def _reason(failures: BaseExceptionGroup[OSError]) -> str:
    first: BaseException = failures
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return str(first)


async def _upward(
    client: Stream, upstream: Stream, judge: Judge, clock: Clock, limits: EgressLimits
) -> HttpInside | Deny | None:
    first, verdict = await _first_flight(client, judge, clock, limits)
    if isinstance(verdict, Deny):
        return verdict
    if isinstance(verdict, PlainHttp):
        if client.tally is not None and client.tally.received:
            return Deny(Refusal.NOT_HTTP, "an HTTP request to a server that speaks first")
        return HttpInside(first)
    await upstream.send(first)
    await _pump(client, upstream, clock, limits)
    return None


async def _first_flight(
    client: Stream, judge: Judge, clock: Clock, limits: EgressLimits
) -> tuple[bytes, Verdict]:
    """The octets that a verdict takes, and the verdict."""
    data = await client.recv(limits.chunk_bytes)
    clock.touch()
    verdict = judge(data, not data)
    try:
        async with asyncio.timeout(limits.head_seconds):
            while isinstance(verdict, Undecided):
                more = await client.recv(limits.chunk_bytes)
                data += more
                verdict = judge(data, not more)
    except TimeoutError:
        reason = f"the first octets were not complete in {limits.head_seconds} s"
        return data, Deny(Refusal.TIMEOUT, reason)
    return data, verdict


async def _pump(source: Stream, sink: Stream, clock: Clock, limits: EgressLimits) -> None:
    while data := await source.recv(limits.chunk_bytes):
        clock.touch()
        await sink.send(data)
        clock.touch()
    sink.finish()
