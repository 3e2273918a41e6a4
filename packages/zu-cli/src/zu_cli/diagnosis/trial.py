"""Opens a real box, as `zu guard` does, and returns what its self-probe found."""

import asyncio
import secrets
from typing import Final

import msgspec

from zu_backends.contained import BubblewrapContainment
from zu_backends.monitors.canary_contents import make_canaries
from zu_core.bus import EventBus, Recorder
from zu_core.contracts import BoxSpec
from zu_core.errors import Unavailable
from zu_core.events import BoxProbed, ProbeCheck, payload_of
from zu_core.memory import MemorySink

_PROGRAM: Final = "/bin/sh"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        held: every check passed and a program ran to its end.
        checks: the self-probe's; empty where no box could be made.
        elapsed_ms: of the checks.
        reason: why it did not hold, or "".
        remedy: what to do about it, or "".
    """

    held: bool
    checks: tuple[ProbeCheck, ...] = ()
    elapsed_ms: float = 0.0
    reason: str = ""
    remedy: str = ""


async def try_box() -> Trial:
    """Open a box of the default tier and run a program in it."""
    sink = MemorySink()
    recorder = Recorder(EventBus(sink), trace_id="doctor", task_id="doctor")
    error: Unavailable | None = None
    code = -1
    try:
        code = await _run(recorder)
    except Unavailable as caught:
        error = caught
    probed = await _probed(sink)
    ran = error is None and code == 0
    return Trial(
        held=ran and bool(probed.checks) and all(one.passed for one in probed.checks),
        checks=probed.checks,
        elapsed_ms=probed.elapsed_ms,
        reason=error.message if error else "" if ran else f"the program ended with {code}",
        remedy=error.advice if error else "",
    )


async def _run(recorder: Recorder) -> int:
    canaries = tuple(one for one in make_canaries(secrets.token_bytes) if one.path)
    spec = BoxSpec(canaries=canaries)
    async with BubblewrapContainment().box(spec, recorder) as box:
        program = await box.start([_PROGRAM, "-c", "exit 0"])
        program.stdin.close()
        _out, _err, end = await asyncio.gather(
            program.stdout.read(), program.stderr.read(), program.wait()
        )
        return end.code


async def _probed(sink: MemorySink) -> BoxProbed:
    async for stored in sink.stream():
        payload = payload_of(stored.event)
        if isinstance(payload, BoxProbed):
            return payload
    return BoxProbed(checks=())
