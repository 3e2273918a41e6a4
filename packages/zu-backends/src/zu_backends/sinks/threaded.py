"""`EventSink` over a store whose calls block: each call runs on the store's one thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import msgspec

from zu_core.contracts.event import Event
from zu_core.errors import Unavailable
from zu_core.ports.storage import StoredEvent

_T = TypeVar("_T")

BATCH_EVENTS = 512
BATCH_BYTES = 1 << 20
"""A batch of a stream ends at either bound, so that memory does not grow with the log."""


class Page(msgspec.Struct, frozen=True):
    """A batch of a stream.

    Attributes:
        events: in order of position.
        cursor: what to ask the next page with; None at the end of the store.
    """

    events: tuple[StoredEvent, ...]
    cursor: Any


class Store(Protocol):
    """A store whose calls block. All but `verifier` are called on one thread."""

    def open(self) -> None:
        """Open or create the store; a second call does nothing."""
        ...

    def append(self, events: Sequence[Event], /) -> tuple[StoredEvent, ...]:
        """Store all of `events`, durably, or none."""
        ...

    def cursor(self, after: int, /) -> Any:
        """Return the cursor of the page behind position `after`."""
        ...

    def page(self, trace_id: str | None, cursor: Any, /) -> Page:
        """Return the page at `cursor`."""
        ...

    def verifier(self, trace_id: str | None, /) -> Callable[[], int]:
        """Return a call, for any thread, that checks what is stored by now."""
        ...

    def close(self) -> None:
        """Release the store."""
        ...


class ThreadedSink:
    """Runs the calls of a `Store` one after another, off the event loop.

    A cancelled append may still be stored; appending the event again tells.
    """

    def __init__(self, store: Store, *, name: str) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._closed = False

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Open or create the store now; else the first call does.

        Raises:
            ConfigError: the path names something that is no log.
            IntegrityError: the store is not as it was made.
            Unavailable: it can't be opened for writing.
        """
        await self._run(self._store.open)

    async def append(self, event: Event, /) -> StoredEvent:
        """Store `event`; see `EventSink.append`."""
        return (await self.append_many((event,)))[0]

    async def append_many(self, events: Iterable[Event], /) -> tuple[StoredEvent, ...]:
        """Store all of `events` or none; see `EventSink.append_many`."""
        return await self._run(self._append, tuple(events))

    async def stream(
        self, *, trace_id: str | None = None, after: int = 0
    ) -> AsyncIterator[StoredEvent]:
        """Yield what is stored after position `after`; see `EventSink.stream`."""
        cursor = self._store.cursor(max(after, 0))
        while cursor is not None:
            page = await self._run(self._page, trace_id, cursor)
            for stored in page.events:
                yield stored
            cursor = page.cursor

    async def verify(self, trace_id: str | None = None, /) -> int:
        """Recompute the chain over the stored bytes; see `EventSink.verify`."""
        return await asyncio.to_thread(await self._run(self._verifier, trace_id))

    async def close(self) -> None:
        """Release the store after the calls that wait; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown(wait=False)
        await closing

    async def _run(self, call: Callable[..., _T], *args: object) -> _T:
        if self._closed:
            raise Unavailable("the sink is closed", advice="open a new one")
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *args)

    def _append(self, events: tuple[Event, ...]) -> tuple[StoredEvent, ...]:
        self._store.open()
        return self._store.append(events)

    def _page(self, trace_id: str | None, cursor: object) -> Page:
        self._store.open()
        return self._store.page(trace_id, cursor)

    def _verifier(self, trace_id: str | None) -> Callable[[], int]:
        self._store.open()
        return self._store.verifier(trace_id)
