"""Attacks a tool server in its box, stage by stage. Judges nothing: all is in the record.

box       a box is opened
start     the box probes itself, the target starts in it and agrees on a protocol
list      the target lists its tools
harmless  calls that any client might make
attack    calls of the corpus
relist    the target lists its tools again
restart   it is stopped, started in the same box with the files it left, and listed again
settle    it is left alone for a moment, then stopped
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from zu_core.bus import EventBus, Recorder
from zu_core.contracts import BoxSpec
from zu_core.events import EnvelopeDeclared, TaskCompleted, TaskFailed, TaskStarted
from zu_core.ports import Box, Containment
from zu_redteam.corpus import Setting, build_corpus
from zu_redteam.run.attempt import Attempt
from zu_redteam.run.caller import Caller
from zu_redteam.run.options import GateOptions
from zu_redteam.run.progress import Listener, Progress, Reporter
from zu_redteam.run.selection import choose_cases, select
from zu_redteam.run.stages import STAGES, DidNotRun, Stages
from zu_redteam.run.surroundings import Surroundings, with_workspace
from zu_redteam.run.target import Target
from zu_redteam.unwrap import single

__all__ = ["STAGES", "GateOptions", "Progress", "TargetGate", "gate_target"]


async def gate_target(
    argv: Sequence[str],
    containment: Containment,
    spec: BoxSpec,
    bus: EventBus,
    recorder: Recorder,
    *,
    options: GateOptions | None = None,
    progress: Listener | None = None,
) -> None:
    """Run all stages on the target `argv`; the last event is `TaskCompleted` or `TaskFailed`.

    A target that does not start, lists nothing or goes away is no error here: the record
    says which stages did not run, and why.

    Raises:
        Unavailable: the box, or a protection of it, could not be had.
        ConfigError: `options` names no case, or `argv` no program.
    """
    await TargetGate(containment, bus, recorder, options=options, progress=progress).run(argv, spec)


class TargetGate:
    """The driver of gate runs; one object for one run."""

    def __init__(
        self,
        containment: Containment,
        bus: EventBus,
        recorder: Recorder,
        *,
        options: GateOptions | None = None,
        progress: Listener | None = None,
    ) -> None:
        self._containment = containment
        self._bus = bus
        self._recorder = recorder
        self._options = options or GateOptions()
        self._reporter = Reporter(progress)
        self._stages = Stages(recorder, self._reporter)
        self._cases = choose_cases(build_corpus(), self._options.cases)

    async def run(self, argv: Sequence[str], spec: BoxSpec) -> None:
        """See `gate_target`."""
        spec = with_workspace(spec)
        surroundings = Surroundings(spec)
        unsubscribe = self._bus.subscribe(surroundings.hear)
        try:
            await self._bracket(argv, spec, surroundings)
        finally:
            unsubscribe()

    async def _bracket(
        self, argv: Sequence[str], spec: BoxSpec, surroundings: Surroundings
    ) -> None:
        options = self._options
        await self._recorder.record(
            TaskStarted(
                goal="gate a tool server",
                argv=tuple(argv),
                version=options.version,
                seed=options.seed,
                cases=tuple(sorted(options.cases)),
                flags=options.flags,
            )
        )
        await self._recorder.record(EnvelopeDeclared(envelope=spec.envelope, origin=options.origin))
        try:
            async with self._box(spec) as box:
                await self._attempt(argv, spec, surroundings, box)
        except DidNotRun as error:
            await self._fail(str(error), "")
        except asyncio.CancelledError:
            await self._fail("the run was cancelled", "cancelled")
            raise
        except BaseException as error:  # noqa: BLE001 - recorded, then raised again
            fault = single(error)
            await self._fail(str(fault), type(fault).__name__)
            raise fault from None
        else:
            await self._recorder.record(TaskCompleted())

    async def _fail(self, reason: str, error: str) -> None:
        await self._stages.skip_rest(reason)
        await self._recorder.record(TaskFailed(reason=reason, error=error))

    @asynccontextmanager
    async def _box(self, spec: BoxSpec) -> AsyncIterator[Box]:
        manager = self._containment.box(spec, self._recorder)
        async with self._stages.stage("box"):
            box = await manager.__aenter__()
        try:
            yield box
        except BaseException as error:
            if not await manager.__aexit__(type(error), error, error.__traceback__):
                raise
        else:
            await manager.__aexit__(None, None, None)

    async def _attempt(
        self, argv: Sequence[str], spec: BoxSpec, surroundings: Surroundings, box: Box
    ) -> None:
        options = self._options
        target = Target(
            box,
            argv,
            self._recorder,
            patience=options.patience,
            output_limit=spec.limits.output_bytes,
            exit_seconds=options.exit,
        )
        caller = Caller(box, self._recorder, seconds=options.patience.call, quiet=options.quiet)
        try:
            async with asyncio.timeout(options.whole):
                attempt = Attempt(
                    box=box,
                    target=target,
                    caller=caller,
                    recorder=self._recorder,
                    stages=self._stages,
                    reporter=self._reporter,
                    options=options,
                )
                await attempt.open()
                setting = Setting(surroundings.places, spec.canaries, options.seed)
                await attempt.go_on(select(attempt.tools, self._cases, setting, options))
        except TimeoutError:
            raise DidNotRun(f"the run took longer than {options.whole:g} s") from None
        finally:
            await target.stop()
