"""Events that wait for the disk together are committed together."""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

from zu_core.contracts.event import Event
from zu_core.errors import ConfigError
from zu_core.ports.storage import StoredEvent

LARGEST: Final = 512


class _Sink(Protocol):
    async def append_many(self, events: Iterable[Event], /) -> tuple[StoredEvent, ...]: ...


class GroupedSink:
    """Appends to `sink` in groups: what arrives while one is written is the next.

    The order of the appends is kept. An event that can't be stored fails alone.
    """

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink
        self._waiting: list[tuple[Event, asyncio.Future[StoredEvent]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, event: Event, /) -> StoredEvent:
        """Store `event`; see `EventSink.append`."""
        stored: asyncio.Future[StoredEvent] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, stored))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="zu-group")
        return await stored

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            try:
                await self._store(group)
            except Exception as error:  # noqa: BLE001 - told to everyone who waits for it
                for _event, stored in group:
                    _settle(stored, error)

    async def _store(self, group: list[tuple[Event, asyncio.Future[StoredEvent]]]) -> None:
        try:
            kept = await self._sink.append_many([event for event, _stored in group])
        except ConfigError as error:
            if len(group) == 1:
                _settle(group[0][1], error)
                return
            for one in group:
                await self._store([one])
            return
        for (_event, stored), place in zip(group, kept, strict=True):
            _settle(stored, place)


def _settle(waiting: asyncio.Future[StoredEvent], with_: StoredEvent | Exception) -> None:
    if waiting.done():
        return
    if isinstance(with_, StoredEvent):
        waiting.set_result(with_)
    else:
        waiting.set_exception(with_)
