"""The bus: an event is stored first, then told.

Subscribers never hear of an event that is not in the canonical store.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import uuid4

import msgspec

from zu_core.contracts.event import Event
from zu_core.events.base import Payload

_log = logging.getLogger(__name__)

Subscriber = Callable[[Event], Awaitable[None] | None]


class _Sink(Protocol):
    async def append(self, event: Event, /) -> object: ...


class EventBus:
    """Appends to one canonical sink, then notifies subscribers in order of subscription.

    A subscriber that fails is logged and does not keep the others from hearing; the
    event is stored already, and the producer does not wait for an explanation.
    """

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` for each event from now on; return what ends that."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    async def publish(self, event: Event) -> None:
        """Store `event`, then tell the subscribers.

        Raises:
            ConfigError, Unavailable: the sink did not store it; nobody was told.
        """
        await self._sink.append(event)
        for subscriber in tuple(self._subscribers):
            try:
                told = subscriber(event)
                if told is not None:
                    await told
            except Exception:  # noqa: BLE001 - a subscriber's fault stays the subscriber's
                _log.exception("subscriber failed on event %s (%s)", event.event_id, event.type)


class Recorder:
    """Publishes typed payloads as events of one task.

    Attributes:
        trace_id, task_id: of every event that it makes.
        source: default source of its events.
    """

    def __init__(
        self, bus: EventBus, *, trace_id: str, task_id: str, source: str = "harness"
    ) -> None:
        self._bus = bus
        self.trace_id = trace_id
        self.task_id = task_id
        self.source = source

    async def record(
        self,
        payload: Payload,
        *,
        parent_id: str | None = None,
        source: str = "",
        event_id: str | None = None,
    ) -> Event:
        """Publish `payload` as an event of its own type and return the event.

        `event_id` is for a producer that named the event before it could be stored.
        """
        event = Event(
            trace_id=self.trace_id,
            task_id=self.task_id,
            type=payload.TYPE,
            source=source or self.source,
            payload=_json(msgspec.to_builtins(payload)),
            parent_id=parent_id,
            event_id=event_id or uuid4().hex,
        )
        await self._bus.publish(event)
        return event


def _json(value: Any) -> Any:
    """Return `value` with lists in place of tuples, as it will read back."""
    if isinstance(value, dict):
        return {key: _json(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_json(member) for member in value]
    return value
