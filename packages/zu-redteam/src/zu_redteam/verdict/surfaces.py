"""The places where a target can give something away, as texts with the events they are from."""

from collections.abc import Iterator
from dataclasses import dataclass

from zu_core.events import (
    CanaryPlanted,
    Connected,
    EgressObserved,
    Executed,
    FileChanged,
    Payload,
    TargetRequested,
    TargetSaid,
    ToolReturned,
    ToolsListed,
)
from zu_redteam.verdict.observed import Entry, Fact, ObservedRun


@dataclass(frozen=True, slots=True)
class Surface:
    """One text that left the target.

    Attributes:
        where: what it is part of, in words.
        group: texts of one group may be parts of one message.
        text: the text.
        index: place of its event in the run.
        event_id: its event.
        source: who recorded it.
        fact: the fact that it belongs to, if it is one.
        call_id: the call that it belongs to, or "".
    """

    where: str
    group: str
    text: str | bytes
    index: int
    event_id: str
    source: str
    fact: Fact | None = None
    call_id: str = ""


def surfaces(run: ObservedRun) -> Iterator[Surface]:
    """All texts of `run`, in no particular order."""
    for entry in run.entries:
        for where, group, text in _said(entry.payload):
            if text:
                call_id = _call_of(entry)
                yield Surface(
                    where,
                    group,
                    text,
                    entry.index,
                    entry.event_id,
                    entry.event.source,
                    call_id=call_id,
                )
    planted = frozenset(entry.payload.path for entry in run.of_type(CanaryPlanted))
    for fact in run.facts:
        call_id = fact.call.event_id if fact.call else ""
        for where, group, data in _shown(fact, planted):
            if data:
                yield Surface(
                    where, group, data, fact.index, fact.event_id, fact.source, fact, call_id
                )


def _call_of(entry: Entry[Payload]) -> str:
    return (entry.event.parent_id or "") if isinstance(entry.payload, ToolReturned) else ""


def _said(payload: Payload) -> Iterator[tuple[str, str, str]]:
    """What the target says to its client."""
    match payload:
        case ToolReturned():
            yield f"the answer of the tool {payload.tool}", "answers", payload.content
        case TargetSaid():
            yield f"its {payload.channel}", payload.channel, payload.text
        case TargetRequested():
            text = f"{payload.method} {payload.params}"
            yield f"its request {payload.method}", "requests", text
        case ToolsListed():
            yield "its instructions", "instructions", payload.instructions
            yield "its name", "instructions", payload.server
            for tool in payload.tools:
                text = f"{tool.name}\n{tool.description}\n{tool.definition}"
                yield f"the description of the tool {tool.name}", "descriptions", text


def _shown(fact: Fact, planted: frozenset[str]) -> Iterator[tuple[str, str, str | bytes]]:
    """What the target does, as far as it carries text."""
    match fact.effect:
        case EgressObserved() as egress:
            kind = {"dns": "a DNS query", "udp": "a UDP datagram"}.get(
                egress.channel, f"{egress.channel.upper()} traffic"
            )
            yield f"the host of {kind}", f"{egress.channel} hosts", egress.host
            yield f"the address of {kind}", f"{egress.channel} addresses", egress.address
            if egress.detail != egress.host:
                yield f"the detail of {kind}", f"{egress.channel} details", egress.detail
            yield f"the bytes of {kind}", f"{egress.channel} bytes", egress.sample
        case Executed() as executed:
            yield "the arguments of a program", "arguments", "\n".join(executed.argv)
        case Connected() as connected:
            yield "the address of a connection", "connections", connected.address
        case FileChanged() as changed if not _is_planted(changed.path, planted):
            yield "the name of a file", "file names", changed.path
            yield f"the content of {changed.path}", "files", changed.sample
        case _:
            return


def _is_planted(path: str, planted: frozenset[str]) -> bool:
    """Whether `path` in the box is that of a canary, whose own content is no disclosure."""
    return any(path == own or path.endswith("/" + own.removeprefix("~/")) for own in planted if own)
