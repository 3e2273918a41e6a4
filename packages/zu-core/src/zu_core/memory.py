"""A sink with a tree that keeps its entries in memory, for tests and runs without a store."""

from collections.abc import AsyncIterator, Iterable

from zu_core.chain import Entry, Link, Verifier, link
from zu_core.codec import Codecs
from zu_core.contracts.event import Event
from zu_core.entries import check_same, entry_of, event_of
from zu_core.errors import Unavailable
from zu_core.merkle import MemoryTree, leaf_hash
from zu_core.merkle.views import TreeView
from zu_core.note.checkpoint import Checkpoint
from zu_core.ports.storage import StoredEvent


class MemorySink:
    """Keeps the encoded entries and their chain; nothing survives the process."""

    def __init__(self, *, codecs: Codecs | None = None) -> None:
        self._codecs = Codecs() if codecs is None else codecs
        self._rows: list[tuple[Entry, Link]] = []
        self._by_id: dict[str, int] = {}
        self._heads: dict[str, Link] = {}
        self._tree = MemoryTree()
        self._closed = False

    async def append(self, event: Event, /) -> StoredEvent:
        """Keep `event`; see `EventSink.append`."""
        return (await self.append_many((event,)))[0]

    async def append_many(self, events: Iterable[Event], /) -> tuple[StoredEvent, ...]:
        """Keep all of `events`, in order, or none; see `EventSink.append_many`."""
        self._check_open()
        rows: list[tuple[Entry, Link]] = []
        by_id: dict[str, int] = {}
        heads: dict[str, Link] = {}
        stored = []
        for event in events:
            entry = entry_of(event, self._codecs)
            index = by_id.get(entry.event_id, self._by_id.get(entry.event_id))
            if index is None:
                place = link(heads.get(entry.trace_id, self._heads.get(entry.trace_id)), entry)
                index = by_id[entry.event_id] = len(self._rows) + len(rows)
                heads[entry.trace_id] = place
                rows.append((entry, place))
            else:
                known = index - len(self._rows)
                first, place = rows[known] if known >= 0 else self._rows[index]
                check_same(first, entry, event, self._codecs)
            stored.append(StoredEvent(position=index + 1, link=place, event=event))
        self._rows += rows
        self._by_id |= by_id
        self._heads |= heads
        return tuple(stored)

    async def stream(
        self, *, trace_id: str | None = None, after: int = 0
    ) -> AsyncIterator[StoredEvent]:
        """Yield what is kept after position `after`; see `EventSink.stream`."""
        index = max(after, 0)
        while index < len(self._rows):
            self._check_open()
            entry, place = self._rows[index]
            index += 1
            if trace_id in (None, entry.trace_id):
                event = event_of(entry, self._codecs)
                yield StoredEvent(position=index, link=place, event=event)

    async def verify(self, trace_id: str | None = None, /) -> int:
        """Recompute the chain; see `EventSink.verify`."""
        self._check_open()
        verifier = Verifier(trace_id)
        for position, (entry, place) in enumerate(self._rows, 1):
            if trace_id in (None, entry.trace_id):
                verifier.add(entry, place, position=position)
        return verifier.count

    async def size(self) -> int:
        """Return how many leaves the tree has; see `TransparencyLog.size`."""
        return self._view().size

    async def root(self, size: int, /) -> bytes:
        """Return the root of the first `size` leaves; see `TransparencyLog.root`."""
        return self._view().root(size)

    async def inclusion(self, position: int, size: int, /) -> tuple[bytes, ...]:
        """Return the proof for one entry; see `TransparencyLog.inclusion`."""
        return self._view().inclusion(position, size)

    async def consistency(self, old: int, new: int, /) -> tuple[bytes, ...]:
        """Return the proof of growth; see `TransparencyLog.consistency`."""
        return self._view().consistency(old, new)

    async def checkpoint(self, origin: str, /) -> Checkpoint:
        """Return what is to be signed now; see `TransparencyLog.checkpoint`."""
        view = self._view()
        return Checkpoint(origin, view.size, view.root(view.size))

    async def close(self) -> None:
        """Take no more calls; a second close does nothing."""
        self._closed = True

    def _view(self) -> TreeView:
        self._check_open()
        for _, place in self._rows[self._tree.size :]:
            self._tree.append(leaf_hash(place.hash))
        return TreeView(self._tree, self._tree.size)

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("the sink is closed", advice="open a new one")
