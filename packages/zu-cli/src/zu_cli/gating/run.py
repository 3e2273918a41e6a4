"""One run of `zu test-plugin`: open the log, gate the target, judge the record, report."""

import asyncio
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from zu_backends.contained import BubblewrapContainment
from zu_backends.sinks.sqlite import SqliteSink
from zu_cli import interrupts
from zu_cli.environment import Environment
from zu_cli.failures import Interrupted, complain
from zu_cli.gating import results, wiring
from zu_cli.gating.progress import display_on
from zu_cli.gating.request import Outputs, Request
from zu_cli.interrupts import Interruption
from zu_core.bus import EventBus, Recorder
from zu_core.errors import ConfigError, ExitCode, IntegrityError, ZuError
from zu_redteam.gate import gate_target
from zu_redteam.report import build_report
from zu_redteam.verdict import GateVerdict, ObservedRun, judge


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """A run that is ready to begin."""

    request: Request
    outputs: Outputs
    log: Path
    trace: str


def run(request: Request, outputs: Outputs, environment: Environment) -> int:
    """Gate the target; return the exit code of its verdict.

    Raises:
        ConfigError: the request can't be carried out as it is.
        IntegrityError: the log is not what was written during the run.
        Interrupted: a signal asked for the end; what was found so far is reported.
    """
    # Libraries log text of the target; without a handler Python prints it as it is.
    logging.getLogger().addHandler(logging.NullHandler())
    trace = uuid4().hex
    log = (outputs.log or _default_log(environment, trace)).absolute()
    plan = _Plan(request=request, outputs=outputs, log=log, trace=trace)
    return interrupts.run(lambda interruption: _run(plan, interruption))


def _default_log(environment: Environment, trace: str) -> Path:
    directory = environment.state_directory() / "runs"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the log's directory {directory} can't be made: {error.strerror}",
            advice="name a file with --log PATH",
        ) from error
    return directory / f"{trace}.db"


async def _run(plan: _Plan, interruption: Interruption) -> int:
    async with SqliteSink(plan.log) as sink:
        bus = EventBus(sink)
        recorder = Recorder(bus, trace_id=plan.trace, task_id=plan.trace)
        fault = await _gate(plan, bus, recorder, interruption)
        record, verdict = await _judge(sink, recorder)
    place = results.Place(log=plan.log, seed=plan.request.seed)
    results.deliver(build_report(record, verdict), plan.outputs, place)
    if interruption.signum is not None:
        raise Interrupted(interruption.signum)
    if fault is not None:
        complain(fault.message, fault.advice)
    # A breach that is on record stays one, whatever ended the run after it.
    if fault is None or verdict.exit_code is ExitCode.BREACH:
        return verdict.exit_code
    return fault.exit_code


async def _gate(
    plan: _Plan, bus: EventBus, recorder: Recorder, interruption: Interruption
) -> ZuError | None:
    """Run all stages; return what kept the run from its end, which is in the record too."""
    with display_on(sys.stderr, quiet=plan.outputs.quiet) as display:
        try:
            await gate_target(
                plan.request.installation.argv,
                BubblewrapContainment(),
                wiring.box_of(plan.request),
                bus,
                recorder,
                options=wiring.options_of(plan.request),
                progress=display.show,
            )
        except (ConfigError, IntegrityError):
            raise
        except ZuError as error:
            return error
        except asyncio.CancelledError:
            if interruption.signum is None:
                raise
    return None


async def _judge(sink: SqliteSink, recorder: Recorder) -> tuple[ObservedRun, GateVerdict]:
    """The record of the run as the log has it, and its verdict, which is recorded as well.

    Raises:
        IntegrityError: the log is not what was written.
    """
    await sink.verify(recorder.trace_id)
    record = ObservedRun.of([stored async for stored in sink.stream(trace_id=recorder.trace_id)])
    verdict = judge(record)
    await recorder.record(verdict.payload())
    return record, verdict
