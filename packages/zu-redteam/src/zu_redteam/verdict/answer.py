"""The three answers of an observer, and the evidence that a breach rests on."""

from collections.abc import Hashable, Iterable
from typing import Final, Literal, Protocol

import msgspec

from zu_redteam.verdict.observed import ObservedRun

Severity = Literal["critical", "high", "medium", "low"]

SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low")
"""From the gravest down."""

EVENTS_KEPT: Final = 200
_REASON_SHOWN = 160


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was seen and must not be.

    Text of the target may stand in `tried` and `seen`; whoever shows them treats it as data.

    Attributes:
        tried: what the harness did, or when it happened ("start-up").
        seen: what was seen of it.
        monitor: who saw it: the source of the event.
        events: ids of the events that it rests on, the call first; of something that was
            seen many times, the first ones.
        case: id of the attack case that brought it about, or "".
        tool: tool of the call, or "".
        severity: how much it matters to a person who has to choose where to begin.
        detail: further lines, e.g. a diff.
        times: how often it was seen; the other fields are those of the first time.
    """

    tried: str
    seen: str
    monitor: str
    events: tuple[str, ...]
    case: str = ""
    tool: str = ""
    severity: Severity = "high"
    detail: str = ""
    times: int = 1


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The observer's sources are whole, and nothing in them breaks its rule."""

    reason: str


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """Something was seen that breaks the rule; a missing source does not weaken it."""

    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError("a breach without evidence is none")

    @property
    def reason(self) -> str:
        """One line: the first thing seen, and how many there are."""
        first = self.evidence[0].seen
        shown = first if len(first) <= _REASON_SHOWN else first[:_REASON_SHOWN] + "…"
        more = len(self.evidence) - 1
        return f"{shown} (and {more} more)" if more else shown


class Undetermined(msgspec.Struct, frozen=True, kw_only=True):
    """The rule could not be judged: `why` names each source that is missing."""

    why: tuple[str, ...]

    @property
    def reason(self) -> str:
        """One line with all of `why`."""
        return "; ".join(self.why)


Answer = Held | Breach | Undetermined


class Observer(Protocol):
    """Judges one rule over a whole run; a pure function of the record.

    Attributes:
        name: short id of the rule, stable: it stands in records and reports.
        title: the rule in a few words, for a person.
    """

    name: str
    title: str

    def judge(self, run: ObservedRun, /) -> Answer:
        """Return the answer; never `Held` where evidence is missing."""
        ...


def gathered(items: Iterable[tuple[Hashable, Evidence]]) -> list[Evidence]:
    """One piece of evidence for each key, in order: the first, with the events of all."""
    groups: dict[Hashable, list[Evidence]] = {}
    for key, item in items:
        groups.setdefault(key, []).append(item)
    return [_together(group) for group in groups.values()]


def _together(group: list[Evidence]) -> Evidence:
    events = tuple(dict.fromkeys(event for item in group for event in item.events))
    times = len({item.events[-1] for item in group})
    return msgspec.structs.replace(group[0], events=events[:EVENTS_KEPT], times=times)


def answer_of(evidence: list[Evidence], missing: list[str], held: str) -> Answer:
    """A breach if there is evidence, else what is missing, else held for the reason `held`."""
    if evidence:
        return Breach(evidence=tuple(evidence))
    if missing:
        return Undetermined(why=tuple(dict.fromkeys(missing)))
    return Held(reason=held)
