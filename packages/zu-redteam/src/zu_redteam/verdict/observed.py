"""`ObservedRun`: the record of one gate run, decoded once and indexed for observers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, Literal, TypeVar

from zu_core.contracts import Envelope, Event
from zu_core.errors import ProtocolError
from zu_core.events import (
    Effect,
    EgressObserved,
    EnvelopeDeclared,
    HostEffectObserved,
    Payload,
    StageEnded,
    StageStarted,
    ToolInvoked,
    ToolReturned,
    payload_of,
)
from zu_core.ports.storage import StoredEvent

P = TypeVar("P", bound=Payload)
P_co = TypeVar("P_co", bound=Payload, covariant=True)

Intent = Literal["start-up", "stage", "harmless", "attack"]

START_STAGES = frozenset({"box", "start", "list", "restart"})


@dataclass(frozen=True, slots=True)
class Entry(Generic[P_co]):
    """An event with its typed payload.

    Attributes:
        index: 0-based place in the run.
        stage: the stage that was under way, or "".
    """

    index: int
    event: Event
    payload: P_co
    stage: str

    @property
    def event_id(self) -> str:
        """Id of the event."""
        return self.event.event_id


@dataclass(frozen=True, slots=True)
class Malformed:
    """An event whose payload has not the shape of its type."""

    index: int
    event: Event
    reason: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the target did, seen from outside.

    Attributes:
        effect: what was seen.
        call: the call that brought it about; None for the start-up or a stage.
        intent: of that call; without one, "start-up" before the first call and in the
            stages that start the target, else "stage".
    """

    index: int
    event_id: str
    source: str
    stage: str
    effect: EgressObserved | Effect
    call: "Entry[ToolInvoked] | None"
    intent: Intent


@dataclass(frozen=True, slots=True)
class Call:
    """A call, its answer and the facts under it, each in the order of the record."""

    invoked: Entry[ToolInvoked]
    returned: Entry[ToolReturned] | None
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class ObservedRun:
    """A run as it was recorded. Made by `ObservedRun.of`.

    Attributes:
        events: all events, in the order of the store.
        entries: those of them whose type is known and whose payload has its shape.
        malformed: those of them whose payload has not.
        stored: the same events with their places in the store, or empty where the run was
            made of bare events.
    """

    events: tuple[Event, ...]
    entries: tuple[Entry[Payload], ...]
    malformed: tuple[Malformed, ...]
    stored: tuple[StoredEvent, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, record: Iterable[StoredEvent | Event]) -> "ObservedRun":
        """Decode `record`: the events of one trace in the order of the store."""
        items = tuple(record)
        stored = tuple(item for item in items if isinstance(item, StoredEvent))
        events = tuple(item.event if isinstance(item, StoredEvent) else item for item in items)
        entries: list[Entry[Payload]] = []
        malformed: list[Malformed] = []
        stage = ""
        for index, event in enumerate(events):
            try:
                payload = payload_of(event)
            except ProtocolError as error:
                malformed.append(Malformed(index, event, error.message))
                continue
            if payload is None:
                continue
            if isinstance(payload, StageStarted):
                stage = payload.stage
            entries.append(Entry(index, event, payload, stage))
            if isinstance(payload, StageEnded):
                stage = ""
        whole = stored if len(stored) == len(items) else ()
        return cls(events, tuple(entries), tuple(malformed), whole)

    @cached_property
    def _by_type(self) -> Mapping[type[Payload], tuple[Entry[Payload], ...]]:
        grouped: dict[type[Payload], list[Entry[Payload]]] = {}
        for entry in self.entries:
            grouped.setdefault(type(entry.payload), []).append(entry)
        return {kind: tuple(found) for kind, found in grouped.items()}

    def of_type(self, kind: type[P]) -> tuple[Entry[P], ...]:
        """All entries whose payload is a `kind`, in order."""
        return self._by_type.get(kind, ())  # type: ignore[return-value]  # keyed by that very type

    @cached_property
    def by_id(self) -> Mapping[str, Event]:
        """Events by id; the first of several with the same id."""
        found: dict[str, Event] = {}
        for event in self.events:
            found.setdefault(event.event_id, event)
        return found

    @cached_property
    def envelope(self) -> Envelope:
        """What the target declared; nothing, where no declaration stands in the record."""
        declared = self.of_type(EnvelopeDeclared)
        return declared[-1].payload.envelope if declared else Envelope()

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """All calls with what came of them."""
        facts: dict[str, list[Fact]] = {}
        for fact in self.facts:
            if fact.call is not None:
                facts.setdefault(fact.call.event_id, []).append(fact)
        answers = {entry.event.parent_id: entry for entry in reversed(self.of_type(ToolReturned))}
        return tuple(
            Call(entry, answers.get(entry.event_id), tuple(facts.get(entry.event_id, ())))
            for entry in self.of_type(ToolInvoked)
        )

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """What the target did, in order. Self-probes leave a `BoxProbed` and no facts."""
        calls = {entry.event_id: entry for entry in self.of_type(ToolInvoked)}
        first_call = min((entry.index for entry in calls.values()), default=len(self.events))
        return tuple(
            _fact(entry, entry.payload, calls.get(entry.event.parent_id or ""), first_call)
            for entry in self.entries
            if isinstance(entry.payload, EgressObserved | HostEffectObserved)
        )

    @cached_property
    def stages(self) -> Mapping[str, StageEnded | None]:
        """How each stage that began or ended stands; None for one that never ended."""
        found: dict[str, StageEnded | None] = {}
        for entry in self.entries:
            if isinstance(entry.payload, StageStarted):
                found.setdefault(entry.payload.stage, None)
            elif isinstance(entry.payload, StageEnded):
                known = found.get(entry.payload.stage)
                if known is None or known.outcome == "ran":
                    found[entry.payload.stage] = entry.payload
        return found


def _fact(
    entry: Entry[Payload],
    payload: EgressObserved | HostEffectObserved,
    call: Entry[ToolInvoked] | None,
    first_call: int,
) -> Fact:
    if call is not None:
        intent: Intent = call.payload.intent
    else:
        intent = "start-up" if entry.index < first_call or entry.stage in START_STAGES else "stage"
    effect = payload.effect if isinstance(payload, HostEffectObserved) else payload
    return Fact(entry.index, entry.event_id, entry.event.source, entry.stage, effect, call, intent)
