"""One run of `zu guard`: log, box, pumps, the command's end, the record's end."""

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import uuid4

from zu_backends.contained import BubblewrapContainment
from zu_backends.contained.assembly import ContainedBox
from zu_backends.contained.program import ContainedProgram
from zu_backends.sinks.grouped import GroupedSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_cli.environment import Environment
from zu_cli.guarding import signals
from zu_cli.guarding.notices import Notices
from zu_cli.guarding.pumps import Pump, take_over
from zu_cli.guarding.reading import Reading
from zu_cli.guarding.request import Request, box_of
from zu_cli.guarding.signals import Signals
from zu_core.bus import EventBus, Recorder
from zu_core.contracts import Exit
from zu_core.errors import ConfigError
from zu_core.events import EnvelopeDeclared, TaskCompleted, TaskStarted

_SWITCH_SECONDS: Final = 0.0005
"""How long the event loop may keep a pump from going on; Python's default is 5 ms."""


@dataclass(frozen=True, kw_only=True)
class Standard:
    """The descriptors of our own standard streams."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2


def run(request: Request, environment: Environment) -> int:
    """Run the command in a box; return its exit code.

    Raises:
        ConfigError: the command can't be run in a box.
        Unavailable: the box does not hold, or the record can't be written; nothing runs.
        Interrupted: a signal came while the command did not run.
    """
    trace = uuid4().hex
    log = (request.log or _default_log(environment, trace)).absolute()
    sys.setswitchinterval(_SWITCH_SECONDS)
    return signals.run(lambda taken: _record(request, log, trace, taken))


def _default_log(environment: Environment, trace: str) -> Path:
    directory = environment.state_directory() / "guard"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the log's directory {directory} can't be made: {error.strerror}",
            advice="name a file with --log PATH",
        ) from error
    return directory / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{trace[:12]}.db"


async def _record(request: Request, log: Path, trace: str, taken: Signals) -> int:
    async with SqliteSink(log) as sink:
        bus = EventBus(GroupedSink(sink))
        bus.subscribe(Notices().take)
        recorder = Recorder(bus, trace_id=trace, task_id=trace)
        await recorder.record(
            TaskStarted(goal="guard", argv=request.words, version=version("zu-cli"))
        )
        declared = request.declared
        await recorder.record(EnvelopeDeclared(envelope=declared.envelope, origin=declared.origin))
        end = await _run_in_box(request, recorder, taken)
        await recorder.record(TaskCompleted(output={"code": end.code}))
    return end.code


async def _run_in_box(request: Request, recorder: Recorder, taken: Signals) -> Exit:
    async with BubblewrapContainment().box(box_of(request), recorder) as box:
        program = await box.start(request.installation.argv, cwd=request.cwd)
        taken.program = program
        reading = Reading(box.journal, box.attribute, whole=request.whole)
        outputs = await _connect(program, reading, Standard())
        try:
            end = await _ended(program, box)
        finally:
            taken.program = None
        for output in outputs:
            await output.wait()
        reading.close()
    return end


async def _ended(program: ContainedProgram, box: ContainedBox) -> Exit:
    """Return how the program ended; where the record fails before, end it.

    Raises:
        Unavailable: the record can't be written.
    """
    end = asyncio.create_task(program.wait())
    failed = asyncio.create_task(box.journal.wait_failed())
    try:
        await asyncio.wait({end, failed}, return_when=asyncio.FIRST_COMPLETED)
        if not end.done():
            await program.kill()
            await box.journal.flush()
        return await end
    finally:
        failed.cancel()


async def _connect(
    program: ContainedProgram, reading: Reading, own: Standard
) -> tuple[asyncio.Event, ...]:
    """Put pumps between our streams and the program's; return what tells of the ends of
    its outputs.
    """
    theirs = await program.detach()
    loop = asyncio.get_running_loop()
    ends = asyncio.Event(), asyncio.Event()

    def tell(end: asyncio.Event) -> None:
        # A loop that was interrupted waits for no end.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(end.set)

    pumps = (
        Pump("stdin", take_over(own.stdin), theirs.stdin, tap=reading.client),
        Pump(
            "stdout",
            theirs.stdout,
            take_over(own.stdout),
            head=theirs.stdout_head,
            tap=reading.server,
            ended=partial(tell, ends[0]),
        ),
        Pump(
            "stderr",
            theirs.stderr,
            # Our own words go there as well, to the last.
            os.dup(own.stderr),
            head=theirs.stderr_head,
            ended=partial(tell, ends[1]),
        ),
    )
    for pump in pumps:
        pump.start()
    return ends
