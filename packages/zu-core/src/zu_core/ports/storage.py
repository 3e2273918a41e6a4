"""Seam to the record."""

from collections.abc import AsyncIterator, Iterable
from typing import Protocol, runtime_checkable

import msgspec

from zu_core.chain import Link
from zu_core.contracts.event import Event


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the store holds it.

    Attributes:
        position: 1-based place in the whole store.
        link: its place in the hash chain of its trace.
    """

    position: int
    link: Link
    event: Event


@runtime_checkable
class EventSink(Protocol):
    """An append-only store that links each event into the chain of its trace."""

    async def append(self, event: Event, /) -> StoredEvent:
        """Store `event` durably, then return it with its place.

        A second append of the same event changes nothing and returns the first place.

        Raises:
            ConfigError: the event can't be stored as it is, or its id is known with
                another content.
            Unavailable: the store could not be written; the event is not stored.
        """
        ...

    async def append_many(self, events: Iterable[Event], /) -> tuple[StoredEvent, ...]:
        """Store all of `events`, in order, or none."""
        ...

    def stream(self, *, trace_id: str | None = None, after: int = 0) -> AsyncIterator[StoredEvent]:
        """Yield what is stored after position `after`, in order, by key and not by offset."""
        ...

    async def verify(self, trace_id: str | None = None, /) -> int:
        """Recompute the chain over the stored bytes; return the number of events checked.

        Raises:
            IntegrityError: at the first break, with its position and kind.
        """
        ...

    async def close(self) -> None:
        """Release the store; a second call does nothing."""
        ...
