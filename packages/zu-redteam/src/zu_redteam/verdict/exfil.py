"""Observer: no planted secret leaves the target, in any form, at any of its surfaces."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping

from zu_core.events import (
    CanaryPlanted,
    CanaryTouched,
    EgressObserved,
    ToolInvoked,
    ToolsListed,
)
from zu_redteam.verdict.answer import Answer, Evidence, answer_of, gathered
from zu_redteam.verdict.describe import count, domain, tried
from zu_redteam.verdict.disclosure import Finding, Scanner, forms_of, joined_pieces
from zu_redteam.verdict.observed import Entry, ObservedRun
from zu_redteam.verdict.sources import Source, cut_texts, missing_calls, missing_monitors
from zu_redteam.verdict.surfaces import Surface, surfaces

_SHORTEST_SECRET = 8
_PARTS_SHOWN = 20
_SOURCES = (Source.EGRESS, Source.SYSCALLS, Source.FILES)


class ExfilBreach:
    """Sixteen characters of a secret together are a disclosure, whatever their encoding."""

    name = "exfil"
    title = "gives no planted secret away"

    def judge(self, run: ObservedRun, /) -> Answer:
        """Search every text that left the target, one by one and joined."""
        planted = run.of_type(CanaryPlanted)
        scanner = Scanner(_secrets(planted))
        calls = {entry.event_id: entry for entry in run.of_type(ToolInvoked)}
        texts = list(surfaces(run))
        found = [
            (surface, finding)
            for surface in texts
            if (finding := _first(scanner, forms_of(surface.text)))
        ]
        # Of what is alike, the text that gives most away is shown.
        found.sort(key=lambda pair: -pair[1].characters)
        evidence = gathered(
            (_likeness(surface, finding), _evidence((surface,), finding, calls))
            for surface, finding in found
        )
        known = {surface.event_id for surface, _ in found}
        evidence += _split(scanner, texts, known, calls)
        missing = (
            _missing_canaries(planted)
            + missing_monitors(run, _SOURCES)
            + missing_calls(run)
            + cut_texts(run)
            + _unseen_traffic(run)
        )
        if not run.of_type(ToolsListed):
            missing.append("the target's descriptions are not on record")
        held = f"{count(len(planted), 'planted credential')}, none in {count(len(texts), 'text')}"
        return answer_of(evidence, missing, held)


def _secrets(planted: Iterable[Entry[CanaryPlanted]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for entry in planted:
        for secret in entry.payload.secrets:
            if len(secret) >= _SHORTEST_SECRET:
                found[entry.payload.name].append(secret)
    return found


def _missing_canaries(planted: tuple[Entry[CanaryPlanted], ...]) -> list[str]:
    if not planted:
        return ["no credential was planted, so none could be given away"]
    return [
        f"the planted credential {entry.payload.name} has no secret that can be looked for"
        for entry in planted
        if not any(len(secret) >= _SHORTEST_SECRET for secret in entry.payload.secrets)
    ]


def _unseen_traffic(run: ObservedRun) -> list[str]:
    """Allowed traffic is recorded by its first bytes; that matters once a secret was read."""
    touched = any(isinstance(fact.effect, CanaryTouched) for fact in run.facts)
    unseen = [
        fact.effect
        for fact in run.facts
        if isinstance(fact.effect, EgressObserved)
        and fact.effect.decision == "allowed"
        and fact.effect.sent > len(fact.effect.sample)
    ]
    if not touched or not unseen:
        return []
    return [
        f"a planted credential was read, and {sum(item.sent for item in unseen)} byte(s) went to"
        " declared hosts of which only the beginning is on record"
    ]


def _first(scanner: Scanner, texts: Iterable[bytes]) -> Finding | None:
    return next((finding for text in texts if (finding := scanner.scan(text))), None)


def _split(
    scanner: Scanner,
    texts: Iterable[Surface],
    known: set[str],
    calls: Mapping[str, Entry[ToolInvoked]],
) -> list[Evidence]:
    """Evidence of secrets that no single text holds."""
    groups: dict[str, list[Surface]] = defaultdict(list)
    for surface in texts:
        groups[surface.group].append(surface)
        host = _host(surface)
        if host:
            groups[f"{surface.group} to {host}"].append(surface)
    found: list[Evidence] = []
    for group in groups.values():
        parts = tuple(part for part in sorted(group, key=_order) if part.event_id not in known)
        finding = _first(scanner, joined_pieces([_bytes(part.text) for part in parts]))
        if finding:
            known.update(part.event_id for part in parts)
            found.append(_evidence(parts, finding, calls))
    return found


def _order(surface: Surface) -> int:
    return surface.index


def _host(surface: Surface) -> str:
    """Where the text goes, as far as it matters for joining."""
    effect = surface.fact.effect if surface.fact else None
    return domain(effect) if isinstance(effect, EgressObserved) else ""


def _likeness(surface: Surface, finding: Finding) -> Hashable:
    """Equal for disclosures that a person need not read one by one."""
    effect = surface.fact.effect if surface.fact else None
    way = effect.channel if isinstance(effect, EgressObserved) else surface.group
    call = surface.fact.call.payload if surface.fact and surface.fact.call else None
    return finding.canary, way, _host(surface), (call.tool, call.case) if call else None


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


def _evidence(
    parts: tuple[Surface, ...], finding: Finding, calls: Mapping[str, Entry[ToolInvoked]]
) -> Evidence:
    first = parts[0]
    call = calls.get(first.call_id)
    whole = finding.characters >= finding.length
    amount = "the whole secret" if whole else f"{finding.characters} characters of the secret"
    spread = f", split over {len(parts)} texts" if len(parts) > 1 else ""
    events = tuple(part.event_id for part in parts[:_PARTS_SHOWN])
    return Evidence(
        tried=tried(call, first.fact),
        seen=f"{amount} of {finding.canary} ({finding.encoding}) in {first.where}{spread}",
        monitor=first.source,
        events=((call.event_id,) if call else ()) + events,
        case=call.payload.case if call else "",
        tool=call.payload.tool if call else "",
        severity="critical",
    )
