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
PARTS = 4000
"""Texts of one channel that are joined; more take longer than a verdict may."""

_PARTS_SHOWN = 20
_SOURCES = (Source.EGRESS, Source.SYSCALLS, Source.FILES)


class ExfilBreach:
    """Sixteen characters of a secret together are a disclosure, whatever their encoding."""

    name = "exfil"
    title = "gives no planted secret away"

    def judge(self, run: ObservedRun, /) -> Answer:
        """Search every text that left the target, one by one and joined."""
        planted = run.of_type(CanaryPlanted)
        search = _Search(_secrets(planted))
        calls = {entry.event_id: entry for entry in run.of_type(ToolInvoked)}
        texts = list(surfaces(run))
        found = [
            (surface, finding)
            for surface in texts
            if (finding := search.first(forms_of(surface.text)))
        ]
        evidence = _told(found, calls)
        groups = _groups(texts)
        evidence += _split(search, groups, found, calls)
        missing = (
            _missing_canaries(planted)
            + missing_monitors(run, _SOURCES)
            + missing_calls(run)
            + cut_texts(run)
            + _unseen_traffic(run)
            + _unjoined(groups)
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


class _Search:
    """Searches texts; one that comes again is not searched again."""

    def __init__(self, secrets: Mapping[str, list[str]]) -> None:
        self._scanner = Scanner(secrets)
        self._known: dict[bytes, Finding | None] = {}

    def first(self, texts: Iterable[bytes]) -> Finding | None:
        """What is found in the first of `texts` that holds anything."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._scanner.scan(text)
            if self._known[text]:
                return self._known[text]
        return None


def _groups(texts: Iterable[Surface]) -> Mapping[str, list[Surface]]:
    """Texts that may be parts of one message: by channel, and by channel and destination."""
    groups: dict[str, list[Surface]] = defaultdict(list)
    for surface in sorted(texts, key=_order):
        groups[surface.group].append(surface)
        host = _host(surface)
        if host:
            groups[f"{surface.group} to {host}"].append(surface)
    return groups


def _unjoined(groups: Mapping[str, list[Surface]]) -> list[str]:
    return [
        f"of {len(parts)} {name}, {len(parts) - PARTS} were not searched for parts of secrets"
        for name, parts in groups.items()
        if len(parts) > PARTS
    ]


def _split(
    search: _Search,
    groups: Mapping[str, list[Surface]],
    found: Iterable[tuple[Surface, Finding]],
    calls: Mapping[str, Entry[ToolInvoked]],
) -> list[Evidence]:
    """Evidence of secrets that no single text holds."""
    known = {surface.event_id for surface, _ in found}
    ways = {_way(surface, finding) for surface, finding in found}
    told: list[Evidence] = []
    for group in groups.values():
        parts = tuple(part for part in group[:PARTS] if part.event_id not in known)
        finding = search.first(joined_pieces([_bytes(part.text) for part in parts]))
        if finding and _way(parts[0], finding) not in ways:
            ways.add(_way(parts[0], finding))
            told.append(_evidence(parts, finding, calls))
    return told


def _order(surface: Surface) -> int:
    return surface.index


def _host(surface: Surface) -> str:
    """Where the text goes, as far as it matters for joining."""
    effect = surface.fact.effect if surface.fact else None
    return domain(effect) if isinstance(effect, EgressObserved) else ""


def _told(
    found: list[tuple[Surface, Finding]], calls: Mapping[str, Entry[ToolInvoked]]
) -> list[Evidence]:
    """One piece of evidence for each way out: the text that gives most away.

    What happens without an attack as well is told once, for the call without one.
    """

    def attacked(surface: Surface) -> bool:
        call = calls.get(surface.call_id)
        return call is not None and call.payload.intent == "attack"

    found.sort(key=lambda pair: (attacked(pair[0]), -pair[1].characters))
    unprovoked = {_way(*pair) for pair in found if not attacked(pair[0])}
    return gathered(
        (
            way if way in unprovoked else (way, _provoked(surface, calls)),
            _evidence((surface,), finding, calls),
        )
        for surface, finding in found
        if (way := _way(surface, finding))
    )


def _provoked(surface: Surface, calls: Mapping[str, Entry[ToolInvoked]]) -> tuple[str, str] | None:
    call = calls.get(surface.call_id)
    return (call.payload.tool, call.payload.case) if call else None


def _way(surface: Surface, finding: Finding) -> Hashable:
    """Which secret went out how and where."""
    effect = surface.fact.effect if surface.fact else None
    channel = effect.channel if isinstance(effect, EgressObserved) else surface.group
    return finding.canary, channel, _host(surface)


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
