"""Which sources an observer rests on, and whether the record has them whole.

A monitor reports on itself at the end of what it watches; one report that it lost its
source, or an end without its report, means that its facts are not all there.
"""

from collections.abc import Iterable
from enum import StrEnum

from zu_core.events import (
    BoxStarted,
    EnvelopeDeclared,
    MonitorReported,
    ProgramStarted,
    TargetRequested,
    TargetSaid,
    ToolInvoked,
    ToolReturned,
)
from zu_redteam.verdict.describe import count, listed
from zu_redteam.verdict.observed import ObservedRun


class Source(StrEnum):
    """The monitors of a box, by the names under which they report.

    SYSCALLS: programs executed, sockets connected, files opened for writing.
    FILES: how the writable files changed.
    CANARIES: planted credentials touched.
    EGRESS: connections, requests, datagrams and DNS queries.
    RESOURCES: memory, processes and time.
    """

    SYSCALLS = "syscalls"
    FILES = "files"
    CANARIES = "canaries"
    EGRESS = "egress"
    RESOURCES = "resources"


_PER_PROGRAM = frozenset({Source.SYSCALLS, Source.RESOURCES})


def missing_monitors(run: ObservedRun, needed: Iterable[Source]) -> list[str]:
    """One sentence for each of `needed` that did not report every time, or lost facts.

    Monitors of processes report for each program, the others for each box.
    """
    boxes, programs = len(run.of_type(BoxStarted)), len(run.of_type(ProgramStarted))
    if not boxes:
        return ["no box was started, so nothing was observed"]
    reports: dict[str, list[MonitorReported]] = {}
    for entry in run.of_type(MonitorReported):
        reports.setdefault(entry.payload.monitor, []).append(entry.payload)
    missing: list[str] = []
    for source in needed:
        found = reports.get(source.value, [])
        lost = [report for report in found if report.state != "complete"]
        due = max(programs, 1) if source in _PER_PROGRAM else boxes
        if lost:
            missing.append(lost_source(lost[0]))
        elif len(found) < due:
            missing.append(
                f"the monitor {source.value} reported {len(found)} of {count(due, 'time')}"
            )
    return missing


def lost_source(report: MonitorReported) -> str:
    """One sentence for a monitor that lost its source."""
    return f"the monitor {report.monitor} lost its source: {report.reason or 'no reason given'}"


def missing_stages(run: ObservedRun, needed: Iterable[str], *, shortly: bool = False) -> list[str]:
    """One sentence for each reason why stages of `needed` did not run to their end.

    `shortly`: leave out the reasons that stages give; the verdict tells them.
    """
    reasons: dict[str, list[str]] = {}
    for stage in needed:
        ended = run.stages.get(stage)
        if stage not in run.stages:
            reasons.setdefault("never began", []).append(stage)
        elif ended is None:
            reasons.setdefault("never ended", []).append(stage)
        elif ended.outcome != "ran":
            why = "did not run" if shortly else f"did not run: {ended.reason or 'no reason given'}"
            reasons.setdefault(why, []).append(stage)
    return [
        f"the stage{'s' if len(stages) > 1 else ''} {listed(stages)} {reason}"
        for reason, stages in reasons.items()
    ]


def missing_declaration(run: ObservedRun) -> list[str]:
    """A sentence where the record does not say what the target may do."""
    if run.of_type(EnvelopeDeclared):
        return []
    return ["the record has no envelope, so nothing can be called declared"]


def missing_calls(run: ObservedRun) -> list[str]:
    """A sentence where no tool was called, and one for each call without an answer."""
    if not run.of_type(ToolInvoked):
        return ["no tool was called"]
    return [
        f"the call of {call.invoked.payload.tool} ({call.invoked.event_id}) has no answer on record"
        for call in run.calls
        if call.returned is None
    ]


def cut_texts(run: ObservedRun) -> list[str]:
    """A sentence for each kind of text of the target that is not on record as a whole."""
    cut = {
        "answer": sum(entry.payload.truncated for entry in run.of_type(ToolReturned)),
        "text": sum(entry.payload.truncated for entry in run.of_type(TargetSaid)),
        "request": sum(entry.payload.truncated for entry in run.of_type(TargetRequested)),
    }
    return [
        f"{count(number, noun)} of the target cut, the rest was not looked at"
        for noun, number in cut.items()
        if number
    ]
