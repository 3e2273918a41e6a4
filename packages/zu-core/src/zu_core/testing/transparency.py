"""What every `TransparencyLog` must do, ours or another's."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import ClassVar, Protocol

from zu_core.errors import ConfigError, Unavailable
from zu_core.merkle import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from zu_core.ports.storage import EventSink, StoredEvent
from zu_core.ports.transparency import TransparencyLog
from zu_core.testing.sinks import make_event


class _Log(EventSink, TransparencyLog, Protocol):
    pass


class TransparencyLogSuite(ABC):
    """Inherit from this, name the class `Test...` for pytest, and give `make_log`.

    Each `test_*` is a coroutine function on a fresh store; without pytest, await them.

    Attributes:
        durable: whether a second log on the same store finds what the first one stored.
    """

    durable: ClassVar[bool] = True

    @abstractmethod
    def make_log(self) -> _Log:
        """Return a sink with a tree on this instance's store, as a new process would open it."""
        ...

    async def test_is_a_transparency_log(self) -> None:
        """It has the methods of the port."""
        log = self.make_log()
        _check(isinstance(log, TransparencyLog), "it has not the methods of TransparencyLog")
        await log.close()

    async def test_an_empty_store_has_the_root_of_an_empty_tree(self) -> None:
        """It has no proofs, but a root."""
        log = self.make_log()
        _check(await log.size() == 0, "it has leaves")
        _check(await log.root(0) == EMPTY_ROOT, "its root is another")
        await _refused(log.inclusion(1, 0), "an entry of an empty log")
        await _refused(log.consistency(0, 0), "growth from nothing")
        await log.close()

    async def test_each_root_is_that_of_the_first_entries(self) -> None:
        """Leaves are the hashes of the entries, in the order of the store."""
        log = self.make_log()
        frontier = Frontier()
        roots = [frontier.root()]
        for stored in await fill(log, 600):
            frontier.append(leaf_hash(stored.link.hash))
            roots.append(frontier.root())
        for size in (*range(20), *range(250, 262), 511, 512, 513, 599, 600):
            _check(await log.root(size) == roots[size], f"the root of {size} is another")
        head = await log.checkpoint("example.com/log")
        _check((head.size, head.root) == (600, roots[600]), "the checkpoint states another tree")
        _check(head.origin == "example.com/log", "the checkpoint names another origin")
        await log.close()

    async def test_each_proof_holds(self) -> None:
        """Inclusion of each kind of place, growth between each kind of size."""
        log = self.make_log()
        stored = await fill(log, 600)
        sizes = (1, 2, 3, 255, 256, 257, 300, 512, 600)
        for size in sizes:
            root = await log.root(size)
            for position in {1, size // 2 + 1, size}:
                leaf = leaf_hash(stored[position - 1].link.hash)
                proof = await log.inclusion(position, size)
                verify_inclusion(leaf, position - 1, size, proof, root)
            for old in (other for other in sizes if other <= size):
                proof = await log.consistency(old, size)
                verify_consistency(old, size, proof, await log.root(old), root)
        await log.close()

    async def test_what_is_not_there_has_no_proof(self) -> None:
        """A place or a size beyond the store is a mistake of the caller."""
        log = self.make_log()
        await fill(log, 3)
        for position, size in ((0, 3), (4, 3), (1, 4), (-1, 3), (3, 2)):
            await _refused(log.inclusion(position, size), f"entry {position} of {size}")
        for old, new in ((0, 3), (3, 4), (3, 2), (-1, 2)):
            await _refused(log.consistency(old, new), f"growth from {old} to {new}")
        for size in (-1, 4):
            await _refused(log.root(size), f"the root of {size}")
        await log.close()

    async def test_the_tree_grows_with_the_store(self) -> None:
        """An answer is about the store as it is when it is asked."""
        log = self.make_log()
        frontier = Frontier()
        for number in range(10):
            stored = await log.append(make_event(number))
            frontier.append(leaf_hash(stored.link.hash))
            _check(await log.size() == number + 1, "it has another size")
            _check(await log.root(number + 1) == frontier.root(), "it has another root")
        await log.close()

    async def test_a_second_log_has_the_same_tree(self) -> None:
        """What one process appends is in the tree of the other."""
        if not self.durable:
            return
        one, two = self.make_log(), self.make_log()
        for start in range(0, 600, 100):
            await fill((one, two)[start // 100 % 2], 100, start)
        _check(await one.root(600) == await two.root(600), "they have different trees")
        await one.close()
        await two.close()
        three = self.make_log()
        proof, old = await three.consistency(300, 600), await three.root(300)
        verify_consistency(300, 600, proof, old, await three.root(600))
        await three.close()

    async def test_a_closed_log_refuses(self) -> None:
        """As its other methods do."""
        log = self.make_log()
        await fill(log, 1)
        await log.close()
        try:
            await log.size()
        except Unavailable:
            return
        raise AssertionError("a closed log answers")


async def fill(log: EventSink, count: int, start: int = 0) -> tuple[StoredEvent, ...]:
    """Append `count` events of three traces; return them as stored."""
    events = [make_event(n, trace_id=f"t{n % 3}") for n in range(start, start + count)]
    return await log.append_many(events)


async def _refused(call: Awaitable[object], what: str) -> None:
    try:
        await call
    except ConfigError:
        return
    raise AssertionError(f"{what} is not refused")


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
