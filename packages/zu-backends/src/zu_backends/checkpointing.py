"""Signs what a log is, at intervals and at the end of a run, and puts it elsewhere."""

import os
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from zu_core.contracts.event import Event
from zu_core.errors import ConfigError, Unavailable, ZuError
from zu_core.merkle import verify_consistency
from zu_core.note.checkpoint import Checkpoint, sign_checkpoint
from zu_core.note.signed import Note
from zu_core.note.signing import Signer
from zu_core.ports.storage import EventSink, StoredEvent
from zu_core.ports.transparency import TransparencyLog


class Anchor(Protocol):
    """A place for checkpoints that whoever can change the log can't change."""

    async def keep(self, note: Note, /) -> None:
        """Keep `note`, durably.

        Raises:
            ZuError: it is not kept.
        """
        ...


class TreeSink(EventSink, TransparencyLog, Protocol):
    """A sink with a tree."""


class FileAnchor:
    """Keeps the newest checkpoint in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def keep(self, note: Note, /) -> None:
        """Make the file hold `note`, whole or not at all; see `Anchor.keep`."""
        aside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            with os.fdopen(handle, "wb") as file:
                file.write(note.encode())
                file.flush()
                os.fsync(handle)
            aside.rename(self._path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise Unavailable(
                f"the checkpoint {self._path} can't be written: {error.strerror}",
                advice="choose a place that this user may write",
            ) from error


class CheckpointingSink:
    """An `EventSink` that signs its store each `every` events, and when it is closed.

    An event is stored when `append` returns, whatever becomes of the checkpoint: what went
    wrong with it is raised by `close`.
    """

    def __init__(
        self, sink: TreeSink, signer: Signer, anchors: Sequence[Anchor], *, every: int = 10_000
    ) -> None:
        if every < 1:
            raise ConfigError("checkpoints are at least one event apart")
        self._sink = sink
        self._signer = signer
        self._anchors = tuple(anchors)
        self._every = every
        self._last: Checkpoint | None = None
        self._next = 0
        self._failure: ZuError | None = None
        self._closed = False

    async def append(self, event: Event, /) -> StoredEvent:
        """Store `event`; see `EventSink.append`."""
        return (await self.append_many((event,)))[0]

    async def append_many(self, events: Iterable[Event], /) -> tuple[StoredEvent, ...]:
        """Store all of `events` or none; see `EventSink.append_many`."""
        stored = await self._sink.append_many(events)
        last = stored[-1].position if stored else 0
        if not self._next:
            self._next = last + self._every
        if last >= self._next and self._failure is None:
            self._next = last + self._every
            try:
                await self.checkpoint()
            except ZuError as error:
                self._failure = error
        return stored

    def stream(self, *, trace_id: str | None = None, after: int = 0) -> AsyncIterator[StoredEvent]:
        """Yield what is stored after position `after`; see `EventSink.stream`."""
        return self._sink.stream(trace_id=trace_id, after=after)

    async def verify(self, trace_id: str | None = None, /) -> int:
        """Recompute the chain over the stored bytes; see `EventSink.verify`."""
        return await self._sink.verify(trace_id)

    async def checkpoint(self) -> Note:
        """Sign what the store is now, and give it to each anchor.

        Raises:
            IntegrityError: the store no longer starts with what was signed before.
            ZuError: an anchor did not keep it.
        """
        head = await self._sink.checkpoint(self._signer.key.name)
        before = self._last
        if before is not None and before.size:
            proof = await self._sink.consistency(before.size, head.size)
            verify_consistency(before.size, head.size, proof, before.root, head.root)
        note = sign_checkpoint(head, [self._signer])
        for anchor in self._anchors:
            await anchor.keep(note)
        self._last = head
        return note

    async def close(self) -> None:
        """Sign the end, then release the store; a second call does nothing.

        Raises:
            ZuError: a checkpoint could not be made or kept; the store is released.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if self._failure is not None:
                raise self._failure
            await self.checkpoint()
        finally:
            await self._sink.close()
