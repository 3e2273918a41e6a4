"""Observer: no attack had the effect that it aims at, and nothing was left behind to run later."""

from bisect import bisect_right
from collections.abc import Iterator

from zu_core.events import CanaryTouched, Connected, FileChanged, OpenedForWrite
from zu_redteam.verdict.answer import Answer, Evidence, Severity, answer_of, gathered
from zu_redteam.verdict.describe import count, describe_effect, tried
from zu_redteam.verdict.expectation import in_answer, matches, text_of
from zu_redteam.verdict.observed import Call, Fact, ObservedRun
from zu_redteam.verdict.paths import OPEN_PLACES, is_within, resolve
from zu_redteam.verdict.persistence import is_persistent
from zu_redteam.verdict.sources import (
    Source,
    cut_texts,
    missing_calls,
    missing_monitors,
    missing_stages,
)

_SOURCES = (Source.SYSCALLS, Source.FILES, Source.CANARIES, Source.EGRESS)
_SCRATCH = OPEN_PLACES[1:]
_ENGINE_SOCKETS = ("docker.sock", "containerd.sock", "podman.sock", "crio.sock", "buildkitd.sock")


class HostEffectBreach:
    """A case says what would be seen if it had worked; that, seen, is a breach.

    Text that holds the case's marker counts whenever it is seen after the call: effects may
    come late. Other text counts among the facts of the call only. At any time, a write to a
    file that runs code later, a damaged planted credential, and a connection to the socket
    of a container engine are breaches too.
    """

    name = "effects"
    title = "no attack took effect"

    def judge(self, run: ObservedRun, /) -> Answer:
        """Look for the effects of each attack, then for those that need no attack."""
        later = _Later(run.facts)
        worked = [found for call in run.calls for found in _worked(call, later)]
        seen = {event for item in worked for event in item.events[1:]}
        places = tuple(resolve(path) for path in run.envelope.write)
        left = [
            found
            for fact in run.facts
            if fact.event_id not in seen
            for found in _left_behind(fact, places)
        ]
        # One line for each case that worked on a tool: its payloads differ, its lesson not.
        evidence = gathered(((item.case, item.tool, item.monitor), item) for item in worked)
        evidence += gathered(((item.case, item.tool, item.seen), item) for item in left)
        attacks = sum(call.invoked.payload.intent == "attack" for call in run.calls)
        missing = missing_monitors(run, _SOURCES) + missing_calls(run) + cut_texts(run)
        missing += missing_stages(run, ("attack",), shortly=True)
        if not attacks:
            missing.append("no attack was made")
        return answer_of(evidence, missing, f"{count(attacks, 'attack')}, none took effect")


def _worked(call: Call, later: "_Later") -> Iterator[Evidence]:
    """Evidence for each expectation of `call` that was met, one for each fact at most."""
    invoked = call.invoked.payload
    if invoked.intent != "attack":
        return
    met: set[str] = set()
    marked = later.holding(invoked.marker, call.invoked.index)
    for expected in invoked.expects:
        if not expected.contains:
            continue
        if expected.kind == "result":
            answer = call.returned
            if answer and in_answer(expected, answer.payload):
                seen = f"the answer holds {expected.contains!r}"
                yield _evidence(call, seen, answer.event.source, answer.event_id)
            continue
        own = invoked.marker and invoked.marker.lower() in expected.contains.lower()
        for fact in marked if own else call.facts:
            if fact.event_id not in met and matches(expected, fact):
                met.add(fact.event_id)
                yield _evidence(call, describe_effect(fact.effect), fact.source, fact.event_id)


class _Later:
    """Finds facts by a text in them, behind a place of the run."""

    def __init__(self, facts: tuple[Fact, ...]) -> None:
        self._facts = facts
        self._texts = [text_of(fact) for fact in facts]

    def holding(self, marker: str, index: int) -> list[Fact]:
        """Facts after `index` with `marker` in them; none for an empty marker."""
        wanted = marker.lower()
        if not wanted:
            return []
        first = bisect_right(self._facts, index, key=lambda fact: fact.index)
        return [
            self._facts[at] for at in range(first, len(self._facts)) if wanted in self._texts[at]
        ]


def _evidence(call: Call, seen: str, monitor: str, event_id: str) -> Evidence:
    invoked = call.invoked
    return Evidence(
        tried=tried(invoked),
        seen=seen,
        monitor=monitor,
        events=(invoked.event_id, event_id),
        case=invoked.payload.case,
        tool=invoked.payload.tool,
        severity="critical",
    )


def _left_behind(fact: Fact, declared: tuple[str, ...]) -> Iterator[Evidence]:
    match fact.effect:
        case FileChanged(
            path=path, change="created" | "changed", type="file" | "symlink" | "other"
        ):
            if _runs_later(path, declared):
                yield _by_itself(fact, "a file that runs code later", "critical")
        case OpenedForWrite(path=path):
            if _runs_later(path, declared):
                yield _by_itself(fact, "a file that runs code later", "critical")
        case CanaryTouched(access="changed" | "removed", path=path):
            if not is_within(resolve(path), declared):
                yield _by_itself(fact, "a credential was damaged", "high")
        case Connected(address=address):
            if address.endswith(_ENGINE_SOCKETS):
                yield _by_itself(fact, "the socket of a container engine", "critical")
        case _:
            return


def _runs_later(path: str, declared: tuple[str, ...]) -> bool:
    whole = resolve(path)
    return is_persistent(whole) and not is_within(whole, (*_SCRATCH, *declared))


def _by_itself(fact: Fact, what: str, severity: Severity) -> Evidence:
    call = fact.call
    return Evidence(
        tried=tried(call, fact),
        seen=f"{what}: {describe_effect(fact.effect)}",
        monitor=fact.source,
        events=((call.event_id,) if call else ()) + (fact.event_id,),
        case=call.payload.case if call else "",
        tool=call.payload.tool if call else "",
        severity=severity,
    )
