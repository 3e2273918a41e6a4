"""`RunScript`: records of gate runs, written event by event, to try observers on.

For tests of observers, ours and others'. `RunScript.honest()` is the record of a target
that does nothing wrong; a test adds what its observer must see, or leaves something out.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from zu_core.contracts import Envelope, Event, Limits, Usage
from zu_core.events import (
    BoxEnded,
    BoxProbed,
    BoxStarted,
    CanaryPlanted,
    Effect,
    EgressObserved,
    EnvelopeDeclared,
    Executed,
    Expectation,
    HostEffectObserved,
    MonitorReported,
    Payload,
    ProbeCheck,
    ProgramEnded,
    ProgramStarted,
    StageEnded,
    StageStarted,
    TaskCompleted,
    TaskStarted,
    ToolDescription,
    ToolInvoked,
    ToolReturned,
    ToolsListed,
)
from zu_redteam.verdict.observed import ObservedRun
from zu_redteam.verdict.sources import Source

SECRET = "wJ7rXUtnFEMIK7MDENGbPxRfiCYzQ81LmTe4sVhA"  # noqa: S105 - made for tests
"""The secret of the canary in `RunScript.honest`."""

ARGV = ("python3", "-m", "clock")

_START = datetime(2026, 1, 1, tzinfo=UTC)
_CLOCK = ToolDescription(
    name="now",
    description="Tells the time.",
    input_schema={"type": "object"},
    definition='{"description":"Tells the time.","name":"now"}',
    digest="1f" * 32,
)


class RunScript:
    """Collects events of one run; ids and times count up, so that two scripts are equal."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, payload: Payload, *, source: str = "harness", parent: str | None = None) -> str:
        """Append an event of `payload` and return its id."""
        return self.add_raw(
            payload.TYPE, msgspec.to_builtins(payload), source=source, parent=parent
        )

    def add_raw(
        self, kind: str, payload: dict[str, Any], *, source: str, parent: str | None = None
    ) -> str:
        """Append an event whose payload need not have the shape of its type."""
        number = len(self.events)
        event = Event(
            trace_id="trace",
            task_id="task",
            type=kind,
            source=source,
            payload=payload,
            parent_id=parent,
            event_id=f"event-{number}",
            ts=_START + timedelta(milliseconds=number),
        )
        self.events.append(event)
        return event.event_id

    def replace_first(self, payload: Payload) -> None:
        """Put an event of `payload`, of the same type, in the place of the first one."""
        first = self.events[0]
        if first.type != payload.TYPE:
            raise ValueError(f"the first event is no {payload.TYPE}")
        self.events[0] = msgspec.structs.replace(first, payload=msgspec.to_builtins(payload))

    def fact(self, effect: EgressObserved | Effect, *, parent: str | None = None) -> str:
        """Append a fact about the target."""
        payload = (
            effect if isinstance(effect, EgressObserved) else HostEffectObserved(effect=effect)
        )
        return self.add(payload, source="monitor.test", parent=parent)

    def call(  # one keyword for each field that a test may want to set
        self,
        tool: str = "now",
        *,
        case: str = "",
        arguments: dict[str, Any] | None = None,
        marker: str = "",
        expects: Iterable[Expectation] = (),
        effects: Iterable[EgressObserved | Effect] = (),
        returned: ToolReturned | None = None,
    ) -> str:
        """Append a call (an attack if it has a case), its facts and its answer."""
        invoked = self.add(
            ToolInvoked(
                tool=tool,
                arguments=arguments or {},
                intent="attack" if case else "harmless",
                case=case,
                marker=marker,
                expects=tuple(expects),
            )
        )
        for effect in effects:
            self.fact(effect, parent=invoked)
        answer = returned or ToolReturned(tool=tool, outcome="result", content='"12:00"', size=7)
        self.add(answer, parent=invoked)
        return invoked

    def stage(self, name: str, *body: Callable[["RunScript"], object]) -> None:
        """Append a stage that ran, with what each of `body` adds to it."""
        self.add(StageStarted(stage=name))
        for step in body:
            step(self)
        self.add(StageEnded(stage=name, outcome="ran"))

    def run(self) -> ObservedRun:
        """The run as observers get it."""
        return ObservedRun.of(self.events)

    @classmethod
    def honest(
        cls,
        *,
        envelope: Envelope | None = None,
        without: Iterable[str] = (),
        **steps: Callable[["RunScript"], object],
    ) -> "RunScript":
        """The record of a whole run.

        Args:
            envelope: what is declared; nothing by default.
            without: stages, monitors or "probe" that are left out.
            steps: for a stage, what it holds beside the usual ("harmless", "attack", ...).
        """
        skipped = frozenset(without)
        script = cls()
        script.add(TaskStarted(goal="gate", argv=ARGV, version="1.0.0"))
        script.add(EnvelopeDeclared(envelope=envelope or Envelope(), origin="flags"))
        usual: dict[str, Callable[[RunScript], object]] = {
            "box": _box,
            "start": lambda one: _start(one, probed="probe" not in skipped),
            "list": lambda one: one.add(ToolsListed(moment="start", tools=(_CLOCK,))),
            "harmless": lambda one: one.call(),
            "attack": lambda one: one.call(case="traversal-1", arguments={"zone": "../../etc"}),
            "relist": lambda one: one.add(ToolsListed(moment="after-calls", tools=(_CLOCK,))),
            "restart": lambda one: _restart(one, probed="probe" not in skipped),
            "settle": lambda one: _settle(one, skipped),
        }
        for name, step in usual.items():
            if name not in skipped:
                own = [steps[name]] if name in steps else []
                # What ends the box comes last, whatever a test does in that stage.
                script.stage(name, *own, step) if name == "settle" else script.stage(
                    name, step, *own
                )
        script.add(TaskCompleted())
        return script


def _box(script: RunScript) -> None:
    script.add(
        BoxStarted(
            backend="bubblewrap",
            mechanisms=("network: own namespace, loopback only",),
            mounts=("/usr",),
            limits=Limits(),
        )
    )
    script.add(CanaryPlanted(name="aws-credentials", path="~/.aws/credentials", secrets=(SECRET,)))


def _start(script: RunScript, *, probed: bool) -> None:
    if probed:
        check = ProbeCheck(name="tcp-denied", mechanism="the proxy refuses", outcome="held")
        script.add(BoxProbed(checks=(check,), elapsed_ms=12.0))
    script.add(ProgramStarted(argv=ARGV, cwd="/workspace"))
    script.fact(Executed(path="/usr/local/bin/python3", argv=ARGV, pid=7, found=False))
    script.fact(Executed(path="/usr/bin/python3", argv=ARGV, pid=7))


def _restart(script: RunScript, *, probed: bool) -> None:
    script.add(_ended())
    _start(script, probed=probed)
    script.add(ToolsListed(moment="restart", tools=(_CLOCK,)))


def _settle(script: RunScript, skipped: frozenset[str]) -> None:
    script.add(_ended())
    for source in (*Source, Source.SYSCALLS, Source.RESOURCES):
        if source.value not in skipped:
            script.add(MonitorReported(monitor=source.value, state="complete", facts=2))
    script.add(BoxEnded())


def _ended() -> ProgramEnded:
    usage = Usage(cpu_seconds=0.1, peak_memory_bytes=20 << 20, peak_processes=1, wall_seconds=1.0)
    return ProgramEnded(code=0, usage=usage)
