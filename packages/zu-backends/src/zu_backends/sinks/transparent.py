"""`TransparencyLog` over a store whose calls block."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from zu_backends.sinks.threaded import Store, ThreadedSink
from zu_core.merkle.views import TreeView
from zu_core.note.checkpoint import Checkpoint

_T = TypeVar("_T")


class TreeStore(Store, Protocol):
    """A store that keeps what proofs are made of."""

    def tree(self) -> AbstractContextManager[TreeView]:
        """Return the tree of one moment, for use within the context."""
        ...


class TransparentSink(ThreadedSink):
    """A sink that answers for its tree; proofs are made on the store's thread."""

    def __init__(self, store: TreeStore, *, name: str) -> None:
        super().__init__(store, name=name)
        self._trees = store

    async def size(self) -> int:
        """Return how many leaves the tree has; see `TransparencyLog.size`."""
        return await self._run(self._view, lambda view: view.size)

    async def root(self, size: int, /) -> bytes:
        """Return the root of the first `size` leaves; see `TransparencyLog.root`."""
        return await self._run(self._view, lambda view: view.root(size))

    async def inclusion(self, position: int, size: int, /) -> tuple[bytes, ...]:
        """Return the proof for one entry; see `TransparencyLog.inclusion`."""
        return await self._run(self._view, lambda view: view.inclusion(position, size))

    async def consistency(self, old: int, new: int, /) -> tuple[bytes, ...]:
        """Return the proof of growth; see `TransparencyLog.consistency`."""
        return await self._run(self._view, lambda view: view.consistency(old, new))

    async def checkpoint(self, origin: str, /) -> Checkpoint:
        """Return what is to be signed now; see `TransparencyLog.checkpoint`."""
        return await self._run(
            self._view, lambda view: Checkpoint(origin, view.size, view.root(view.size))
        )

    def _view(self, ask: Callable[[TreeView], _T]) -> _T:
        self._store.open()
        with self._trees.tree() as view:
            return ask(view)
