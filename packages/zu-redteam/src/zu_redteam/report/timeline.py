"""The timeline of a run: each step with the facts that were seen under it."""

from dataclasses import dataclass
from typing import Literal

from zu_core.events import (
    EgressObserved,
    HostEffectObserved,
    Payload,
    ProgramEnded,
    ProgramStarted,
    ResourceObserved,
    TargetRequested,
    TargetSaid,
    ToolInvoked,
    ToolsListed,
)
from zu_redteam.jsonable import canonical
from zu_redteam.report.model import FactLine, Item, ItemKind
from zu_redteam.report.text import cut
from zu_redteam.verdict import Call, Entry, Fact, ObservedRun
from zu_redteam.verdict.describe import describe_effect

IO_SHOWN = 4000
FACT_SHOWN = 600
FACTS_SHOWN = 100

Mark = Literal["", "breach", "need"]


@dataclass(frozen=True, slots=True)
class Marks:
    """Ids of the events that breaches and needs rest on."""

    breach: frozenset[str]
    need: frozenset[str]

    def of(self, event_id: str) -> Mark:
        """The mark of an event; a breach outweighs a need."""
        return "breach" if event_id in self.breach else "need" if event_id in self.need else ""


def timeline(run: ObservedRun, marks: Marks) -> tuple[Item, ...]:
    """All steps in the order of the record; facts without a call form steps of their own."""
    calls = {call.invoked.event_id: call for call in run.calls}
    facts = {fact.event_id: fact for fact in run.facts}
    items: list[Item] = []
    loose: list[Fact] = []
    for entry in run.entries:
        payload = entry.payload
        if isinstance(payload, EgressObserved | HostEffectObserved):
            fact = facts[entry.event_id]
            if fact.call is None:
                if loose and loose[-1].stage != fact.stage:
                    items += _flush(run, loose, marks)
                loose.append(fact)
            continue
        item = _step(run, entry, calls, marks)
        if item is not None:
            items += _flush(run, loose, marks)
            items.append(item)
    return (*items, *_flush(run, loose, marks))


def _flush(run: ObservedRun, loose: list[Fact], marks: Marks) -> list[Item]:
    """One step for the facts collected in `loose`, which is emptied."""
    if not loose:
        return []
    first = loose[0]
    start_up = first.intent == "start-up"
    title = "seen while the target starts" if start_up else f"seen in the stage {first.stage}"
    item = Item(
        kind="start-up" if start_up else "stage",
        title=title if first.stage or start_up else "seen outside of any stage",
        at_ms=_at(run, first.index),
        stage=first.stage,
        event=first.event_id,
        facts=_facts(loose, marks),
        hidden=max(0, len(loose) - FACTS_SHOWN),
        evidence=_worst(loose, marks),
    )
    loose.clear()
    return [item]


def _step(
    run: ObservedRun, entry: Entry[Payload], calls: dict[str, Call], marks: Marks
) -> Item | None:
    if isinstance(entry.payload, ToolInvoked):
        return _call(calls[entry.event_id], _at(run, entry.index), marks)
    told = _told(entry.payload)
    if told is None:
        return None
    kind, title, output = told
    return Item(
        kind=kind,
        title=cut(title, FACT_SHOWN),
        at_ms=_at(run, entry.index),
        stage=entry.stage,
        event=entry.event_id,
        output=cut(output, IO_SHOWN),
        evidence=marks.of(entry.event_id),
    )


def _told(payload: Payload) -> tuple[ItemKind, str, str] | None:
    """Kind, title and text of a step that is no call; None for what is shown elsewhere."""
    told: tuple[ItemKind, str, str] | None = None
    match payload:
        case ToolsListed():
            names = ", ".join(tool.name for tool in payload.tools) or "no tools"
            told = "list", f"tools listed ({payload.moment})", names
        case TargetSaid():
            told = "said", f"the target on {payload.channel}", payload.text
        case TargetRequested():
            told = "said", f"the target asks its client: {payload.method}", payload.params
        case ProgramStarted():
            told = "program", "program started", " ".join(payload.argv)
        case ProgramEnded():
            why = f", ended for {payload.killed_for}" if payload.killed_for else ""
            told = "program", f"program ended, status {payload.code}{why}", ""
        case ResourceObserved():
            used = f"{payload.used:g} of {payload.limit:g} {payload.action}".strip()
            told = "program", f"limit {payload.resource} reached", used
        case _:
            pass
    return told


def _call(call: Call, at: float, marks: Marks) -> Item:
    invoked, answer = call.invoked.payload, call.returned
    seen = list(call.facts)
    mark = marks.of(call.invoked.event_id) or _worst(seen, marks)
    return Item(
        kind="call",
        title=invoked.tool,
        at_ms=at,
        stage=call.invoked.stage,
        event=call.invoked.event_id,
        intent=invoked.intent,
        case=invoked.case,
        outcome=answer.payload.outcome if answer else "no answer on record",
        elapsed_ms=answer.payload.elapsed_ms if answer else 0.0,
        input=cut(canonical(invoked.arguments), IO_SHOWN),
        output=_answer(call),
        facts=_facts(seen, marks),
        hidden=max(0, len(seen) - FACTS_SHOWN),
        evidence=mark,
    )


def _answer(call: Call) -> str:
    if call.returned is None:
        return ""
    answer = call.returned.payload
    note = f" [the answer has {answer.size} bytes; the rest is not recorded]"
    return cut(answer.content, IO_SHOWN) + (note if answer.truncated else "")


def _facts(facts: list[Fact], marks: Marks) -> tuple[FactLine, ...]:
    """The first facts, those that evidence rests on before the others are cut."""
    shown = facts
    if len(facts) > FACTS_SHOWN:
        ranked = sorted(facts, key=lambda fact: (not marks.of(fact.event_id), fact.index))
        shown = sorted(ranked[:FACTS_SHOWN], key=lambda fact: fact.index)
    return tuple(
        FactLine(
            text=cut(describe_effect(fact.effect), FACT_SHOWN),
            source=fact.source,
            event=fact.event_id,
            evidence=marks.of(fact.event_id),
        )
        for fact in shown
    )


def _worst(facts: list[Fact], marks: Marks) -> Mark:
    found = {marks.of(fact.event_id) for fact in facts}
    return "breach" if "breach" in found else "need" if "need" in found else ""


def _at(run: ObservedRun, index: int) -> float:
    return (run.events[index].ts - run.events[0].ts).total_seconds() * 1000
