"""Observer: the target stays within its limits and answers in time."""

from collections.abc import Hashable, Iterator

from zu_core.events import ProgramEnded, ProgramStarted, ResourceObserved, ToolReturned
from zu_redteam.verdict.answer import Answer, Evidence, answer_of, gathered
from zu_redteam.verdict.describe import count, tried
from zu_redteam.verdict.observed import Entry, ObservedRun
from zu_redteam.verdict.sources import Source, missing_calls, missing_monitors


class ResourceBreach:
    """A limit that was reached, a call without an answer in time, an attack that ended it."""

    name = "resources"
    title = "stays within its limits"

    def judge(self, run: ObservedRun, /) -> Answer:
        """Collect limits that were reached, kills and hangs."""
        found = [*_limits(run), *_kills(run), *_hangs(run)]
        hung = {event for item in found for event in item.events}
        evidence = gathered((_likeness(item), item) for item in found)
        missing = missing_monitors(run, (Source.RESOURCES,)) + missing_calls(run)
        started, ended = len(run.of_type(ProgramStarted)), run.of_type(ProgramEnded)
        if not started:
            missing.append("the target was never started")
        if len(ended) < started:
            missing.append("the end of a program, and with it its use, is not on record")
        missing += [
            f"the target ended during a harmless call of {entry.payload.tool}"
            for entry in run.of_type(ToolReturned)
            if entry.payload.outcome == "closed" and not _is_attack(run, entry)
        ]
        return answer_of(evidence, missing + _slow(run, hung), _used(ended))


def _likeness(item: Evidence) -> Hashable:
    """Equal for what differs by its figures only."""
    return item.case, item.tool, item.severity, item.seen.partition(":")[0].partition("(")[0]


def _used(ended: tuple[Entry[ProgramEnded], ...]) -> str:
    usages = [entry.payload.usage for entry in ended]
    memory = max((usage.peak_memory_bytes for usage in usages), default=0)
    cpu = sum(usage.cpu_seconds for usage in usages)
    return f"no limit reached; peak memory {memory / (1 << 20):.0f} MiB, CPU {cpu:.1f} s"


def _limits(run: ObservedRun) -> Iterator[Evidence]:
    calls = {call.invoked.event_id: call.invoked for call in run.calls}
    for entry in run.of_type(ResourceObserved):
        seen, call = entry.payload, calls.get(entry.event.parent_id or "")
        action = f"; {seen.action}" if seen.action else ""
        yield Evidence(
            tried=tried(call),
            seen=f"reached the limit {seen.resource}: {seen.used:g} of {seen.limit:g}{action}",
            monitor=entry.event.source,
            events=((call.event_id,) if call else ()) + (entry.event_id,),
            case=call.payload.case if call else "",
            tool=call.payload.tool if call else "",
            severity="high",
        )


def _kills(run: ObservedRun) -> Iterator[Evidence]:
    for entry in run.of_type(ProgramEnded):
        if entry.payload.killed_for:
            yield Evidence(
                tried="the target ran in its box",
                seen=f"was ended for the limit {entry.payload.killed_for}",
                monitor=entry.event.source,
                events=(entry.event_id,),
                severity="high",
            )


def _hangs(run: ObservedRun) -> Iterator[Evidence]:
    for call in run.calls:
        answer = call.returned
        if answer is None:
            continue
        outcome, attack = answer.payload.outcome, call.invoked.payload
        hangs = outcome == "timeout" and not answer.payload.responsive
        if attack.intent != "attack" or not (
            outcome == "closed" or (hangs and _answers_else(run, attack.tool))
        ):
            continue
        what = "answered nothing any more" if hangs else "ended instead of answering"
        yield Evidence(
            tried=tried(call.invoked),
            seen=f"the target {what} ({answer.payload.elapsed_ms / 1000:.1f} s)",
            monitor=answer.event.source,
            events=(call.invoked.event_id, answer.event_id),
            case=call.invoked.payload.case,
            tool=call.invoked.payload.tool,
            severity="medium",
        )


def _answers_else(run: ObservedRun, tool: str) -> bool:
    """Whether harmless calls of `tool` were answered, all of them.

    A request of the protocol is no tool; for it, those of all tools count.
    """
    harmless = [call for call in run.calls if call.invoked.payload.intent == "harmless"]
    own = [call for call in harmless if call.invoked.payload.tool == tool] or harmless
    outcomes = [call.returned.payload.outcome for call in own if call.returned]
    return bool(outcomes) and "timeout" not in outcomes


def _slow(run: ObservedRun, hung: set[str]) -> list[str]:
    """A sentence for each tool whose calls had no answer in time, for a reason not known.

    The target lived on and answered others, or it takes as long without an attack: that
    may be what the tool is for.
    """
    waited: dict[str, list[float]] = {}
    for call in run.calls:
        answer = call.returned
        if answer and answer.payload.outcome == "timeout" and answer.event_id not in hung:
            waited.setdefault(call.invoked.payload.tool, []).append(answer.payload.elapsed_ms)
    return [
        f"{count(len(times), 'call')} of {tool} had no answer within {min(times) / 1000:.0f} s"
        " (--call-timeout gives more time)"
        for tool, times in waited.items()
    ]


def _is_attack(run: ObservedRun, answer: Entry[ToolReturned]) -> bool:
    return any(
        call.invoked.event_id == answer.event.parent_id and call.invoked.payload.intent == "attack"
        for call in run.calls
    )
