"""Builds a `ReportModel` from a run and its verdict."""

import shlex
from collections import Counter
from collections.abc import Iterable

from zu_core.events import (
    BoxProbed,
    BoxStarted,
    CanaryPlanted,
    CanaryTouched,
    EnvelopeDeclared,
    MonitorReported,
    TaskStarted,
    ToolsListed,
)
from zu_redteam.report.model import (
    Box,
    CanaryLine,
    Envelopes,
    LogPlace,
    MonitorLine,
    NeedLine,
    ObserverLine,
    Probe,
    ProbeLine,
    ReportModel,
    Shown,
    StageLine,
    Target,
    VerdictLine,
)
from zu_redteam.report.text import cut
from zu_redteam.report.timeline import Marks, timeline
from zu_redteam.verdict import Breach, Evidence, GateVerdict, ObservedRun, ObserverResult, Verdict
from zu_redteam.verdict.describe import count

TEXT_SHOWN = 2000
DETAIL_SHOWN = 8000
EVIDENCE_SHOWN = 50
EVENTS_SHOWN = 10
ITEMS_SHOWN = 1000

LABELS = {
    Verdict.PASS: "PASS",
    Verdict.FAIL: "FAIL",
    Verdict.NEEDS_REVIEW: "NEEDS REVIEW",
    Verdict.INCONCLUSIVE: "INCONCLUSIVE",
}


def build_report(run: ObservedRun, verdict: GateVerdict) -> ReportModel:
    """Everything that a report on `run` says. The same record gives the same report."""
    started = run.of_type(TaskStarted)
    begun = started[0].payload if started else TaskStarted(goal="")
    items = timeline(run, _marks(verdict))
    first, last = (run.events[0].ts, run.events[-1].ts) if run.events else (None, None)
    return ReportModel(
        version=begun.version,
        started=first.isoformat(timespec="seconds") if first else "",
        elapsed_ms=(last - first).total_seconds() * 1000 if first and last else 0.0,
        target=_target(run, begun.argv),
        seed=begun.seed,
        cases=begun.cases,
        again=reproduction(begun, begun.cases),
        verdict=VerdictLine(
            verdict=verdict.verdict.value,
            label=LABELS[verdict.verdict],
            exit_code=int(verdict.exit_code),
            reason=cut(verdict.reason, TEXT_SHOWN),
        ),
        missing=verdict.missing,
        observers=tuple(_observer(result, begun) for result in verdict.answers),
        needs=tuple(
            NeedLine(
                kind=need.kind,
                what=need.what,
                text=need.text,
                only_attacked=need.only_attacked,
                evidence=_shown(need.evidence, begun),
            )
            for need in verdict.needs
        ),
        proposal=verdict.proposal,
        envelope=_envelope(run),
        boxes=tuple(_box(entry.payload) for entry in run.of_type(BoxStarted)),
        probes=tuple(_probe(entry.payload) for entry in run.of_type(BoxProbed)),
        stages=_stages(run),
        monitors=tuple(
            MonitorLine(
                name=entry.payload.monitor,
                state=entry.payload.state,
                facts=entry.payload.facts,
                reason=entry.payload.reason,
            )
            for entry in run.of_type(MonitorReported)
        ),
        canaries=_canaries(run),
        timeline=items[:ITEMS_SHOWN],
        hidden_items=max(0, len(items) - ITEMS_SHOWN),
        log=_log(run),
    )


def _target(run: ObservedRun, argv: tuple[str, ...]) -> Target:
    lists = run.of_type(ToolsListed)
    first = lists[0].payload if lists else None
    return Target(
        command=shlex.join(argv),
        argv=argv,
        server=first.server if first else "",
        protocol=first.protocol if first else "",
        tools=tuple(tool.name for tool in first.tools) if first else (),
    )


def _envelope(run: ObservedRun) -> Envelopes:
    declared = run.of_type(EnvelopeDeclared)
    origin = declared[-1].payload.origin if declared else ""
    return Envelopes(declared=run.envelope, origin=origin or "nowhere")


def _observer(result: ObserverResult, begun: TaskStarted) -> ObserverLine:
    answer = result.answer
    return ObserverLine(
        name=result.name,
        title=result.title,
        answer=result.word,
        reason=cut(answer.reason, TEXT_SHOWN),
        evidence=_shown(answer.evidence, begun) if isinstance(answer, Breach) else (),
    )


def _shown(evidence: Iterable[Evidence], begun: TaskStarted) -> tuple[Shown, ...]:
    return tuple(
        Shown(
            tried=cut(item.tried, TEXT_SHOWN),
            seen=cut(item.seen, TEXT_SHOWN),
            monitor=item.monitor,
            severity=item.severity,
            events=item.events[:EVENTS_SHOWN],
            times=item.times,
            case=item.case,
            tool=item.tool,
            detail=cut(item.detail, DETAIL_SHOWN),
            reproduce=reproduction(begun, (item.case,) if item.case else begun.cases),
        )
        for item in tuple(evidence)[:EVIDENCE_SHOWN]
    )


def reproduction(begun: TaskStarted, cases: Iterable[str]) -> str:
    """The command that runs `cases` (all for none) on the target again, for a shell."""
    if not begun.argv:
        return ""
    seed = ["--seed", str(begun.seed)] if begun.seed is not None else []
    chosen = [word for case in cases for word in ("--case", case)]
    return shlex.join(["zu", "test-plugin", *seed, *chosen, *begun.flags, "--", *begun.argv])


def _box(started: BoxStarted) -> Box:
    return Box(
        backend=started.backend,
        mechanisms=started.mechanisms,
        mounts=started.mounts,
        limits=started.limits,
    )


def _probe(probed: BoxProbed) -> Probe:
    return Probe(
        elapsed_ms=probed.elapsed_ms,
        passed=bool(probed.checks) and all(check.passed for check in probed.checks),
        checks=tuple(
            ProbeLine(
                name=check.name,
                mechanism=check.mechanism,
                outcome=check.outcome,
                passed=check.passed,
                detail=cut(check.detail, TEXT_SHOWN),
                unseen=check.unseen,
            )
            for check in probed.checks
        ),
    )


def _stages(run: ObservedRun) -> tuple[StageLine, ...]:
    calls = Counter(call.invoked.stage for call in run.calls)
    lines: list[StageLine] = []
    before = ""
    for name, ended in run.stages.items():
        did = count(calls[name], "call") if calls[name] else ""
        outcome = ended.outcome if ended else "unfinished"
        why = (cut(ended.reason, TEXT_SHOWN) or did) if ended else (did or "never ended")
        again = outcome == "did-not-run" and why == before
        lines.append(
            StageLine(
                name=name,
                outcome=outcome,
                reason="for the same reason" if again else why,
                elapsed_ms=ended.elapsed_ms if ended else 0.0,
            )
        )
        before = why
    return tuple(lines)


def _canaries(run: ObservedRun) -> tuple[CanaryLine, ...]:
    touched = Counter(
        fact.effect.name for fact in run.facts if isinstance(fact.effect, CanaryTouched)
    )
    planted = {entry.payload.name: entry.payload for entry in run.of_type(CanaryPlanted)}
    return tuple(
        CanaryLine(name=name, path=one.path, touched=touched[name]) for name, one in planted.items()
    )


def _log(run: ObservedRun) -> LogPlace:
    trace = run.events[0].trace_id if run.events else ""
    if not run.stored:
        return LogPlace(trace=trace, events=len(run.events))
    first, last = run.stored[0], run.stored[-1]
    return LogPlace(
        trace=trace,
        events=len(run.events),
        first=first.position,
        last=last.position,
        head=last.link.hash.hex(),
    )


def _marks(verdict: GateVerdict) -> Marks:
    breach = {
        event
        for result in verdict.answers
        if isinstance(result.answer, Breach)
        for item in result.answer.evidence
        for event in item.events
    }
    need = {event for one in verdict.needs for item in one.evidence for event in item.events}
    return Marks(breach=frozenset(breach), need=frozenset(need))
