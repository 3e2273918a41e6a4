"""The journal of a box: facts of all monitors, in one order, each under what caused it.

Monitors call from threads and from the event loop; the record is written by one task, so
that the order in the log is the order of arrival and no monitor waits for the disk.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from zu_backends.boxes.selfprobe import Trace, trace_of
from zu_core.bus import Recorder
from zu_core.errors import Unavailable
from zu_core.events import Effect, EgressObserved, HostEffectObserved, Payload

Fact = EgressObserved | Effect

# Facts of a thread may wait so long for the loop. To wake it for each of them would make
# the thread, and with it the trapped program, wait for the loop's turn.
GATHER_SECONDS: Final = 0.002
RESTLESS_SECONDS: Final = 2.0
BATCH: Final = 256


class _Entry(NamedTuple):
    """A payload on its way into the record."""

    payload: Payload
    source: str
    parent_id: str | None
    event_id: str | None = None


class FactJournal:
    """Takes facts and records them under the event that was current when they arrived.

    While a self-probe runs, its facts are traces and do not go into the record: they say
    what the harness did, not what the target did.

    Attributes:
        traces: what the monitors saw of the self-probe that runs.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[_Entry] = asyncio.Queue()
        self._from_threads: deque[Callable[[], None]] = deque()
        self._gathering = False
        self._within = False
        self._parent: str | None = None
        self._nonce = ""
        self._arrived = asyncio.Event()
        self._failure: Exception | None = None
        self._closed = False
        self.traces: list[Trace] = []
        self._writer = asyncio.create_task(self._write(), name="zu-facts")

    def attribute(self, event_id: str | None) -> None:
        """Make `event_id` the parent of facts that arrive from now on."""
        self.gather()
        self._parent = event_id

    def taker(self, source: str) -> Callable[[Fact], None]:
        """Return what a monitor on the event loop calls with each fact."""

        def take(fact: Fact) -> None:
            self.gather()
            self._take(fact, source)

        return take

    def taker_from_thread(self, source: str) -> Callable[[Fact], None]:
        """Return what a monitor on a thread calls with each fact."""

        def hand_over(fact: Fact) -> None:
            self.line_up(partial(self._take, fact, source))
            self.wake()

        return hand_over

    def line_up(self, step: Callable[[], None]) -> None:
        """Have `step` called on the event loop behind the facts of threads so far, and
        before those to come; from any thread. It takes a `wake` until it is called.
        """
        self._from_threads.append(step)

    def wake(self) -> None:
        """See that the loop takes soon what was lined up; from any thread."""
        if not self._gathering:
            self._gathering = True
            self._loop.call_soon_threadsafe(self._gather_soon)

    def gather(self) -> None:
        """Take what threads have handed over until now; within a step, nothing."""
        if self._within:
            return
        self._gathering, self._within = False, True
        try:
            while self._from_threads:
                self._from_threads.popleft()()
        finally:
            self._within = False

    def put(
        self,
        payload: Payload,
        source: str = "",
        *,
        event_id: str | None = None,
        parent_id: str | None = None,
    ) -> None:
        """Record `payload` behind the facts that have arrived.

        Its parent is the current event, where `parent_id` names no other.
        """
        self.gather()
        self._queue.put_nowait(_Entry(payload, source, parent_id or self._parent, event_id))

    async def wait_failed(self) -> None:
        """Return when the record can't be written any more."""
        await asyncio.wait({self._writer})

    def start_probe(self, nonce: str) -> None:
        """Collect traces instead of recording facts; of the network's those with `nonce`.

        A connection of a program that has ended may be reported while the next is probed.
        """
        self.gather()
        self._nonce, self.traces = nonce, []

    def end_probe(self) -> None:
        """Record facts again."""
        self.gather()
        self._nonce = ""

    async def wait_for_traces(self, complete: Callable[[], bool], seconds: float) -> None:
        """Return once `complete()` is true, or after `seconds` without that."""
        try:
            async with asyncio.timeout(seconds):
                self.gather()
                while not complete():
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return

    async def settle(self, quiet_seconds: float) -> None:
        """Return when every fact is recorded and none has arrived for `quiet_seconds`.

        A program that is never quiet is waited for no longer than `RESTLESS_SECONDS`.

        Raises:
            Unavailable: the record could not be written.
        """
        latest = self._loop.time() + RESTLESS_SECONDS
        while True:
            self.gather()
            self._arrived.clear()
            await self.flush()
            try:
                async with asyncio.timeout(quiet_seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return
            if self._loop.time() > latest:
                await self.flush()
                return

    async def flush(self) -> None:
        """Return when every fact that has arrived is recorded.

        Raises:
            Unavailable: the record could not be written.
        """
        self.gather()
        emptied = asyncio.create_task(self._queue.join())
        try:
            await asyncio.wait({emptied, self._writer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            emptied.cancel()
        if self._writer.done():
            raise Unavailable(
                f"facts could not be recorded, so nothing that follows can be proved: "
                f"{self._failure or 'the journal is closed'}",
                advice="see the log's file system: is it full or read-only?",
            ) from self._failure

    async def close(self) -> None:
        """Record what has arrived, then stop. A second call does nothing.

        Raises:
            Unavailable: the record could not be written.
        """
        if self._closed:
            return
        self._closed = True
        try:
            await self.flush()
        finally:
            self._writer.cancel()
            await asyncio.wait({self._writer})

    def _gather_soon(self) -> None:
        self._loop.call_later(GATHER_SECONDS, self.gather)

    def _take(self, fact: Fact, source: str) -> None:
        self._arrived.set()
        if self._nonce and self._is_the_probes(fact):
            trace = trace_of(fact)
            if trace is not None:
                self.traces.append(trace)
            return
        payload = fact if isinstance(fact, EgressObserved) else HostEffectObserved(effect=fact)
        self._queue.put_nowait(_Entry(payload, source, self._parent))

    def _is_the_probes(self, fact: Fact) -> bool:
        if isinstance(fact, EgressObserved):
            return self._nonce in fact.host or self._nonce.encode() in fact.sample
        return True

    async def _write(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                # They begin in this order, and so a sink gets them; one that can, commits
                # them together.
                await asyncio.gather(*map(self._record, batch))
            except Exception as error:  # noqa: BLE001 - `flush` tells it to who waits
                self._failure = error
                return
            for _entry in batch:
                self._queue.task_done()

    async def _record(self, entry: _Entry) -> None:
        await self._recorder.record(
            entry.payload,
            parent_id=entry.parent_id,
            source=entry.source,
            event_id=entry.event_id,
        )
