"""The journal of a box: facts of all monitors, in one order, each under what caused it.

Monitors call from threads and from the event loop; the record is written by one task, so
that the order in the log is the order of arrival and no monitor waits for the disk.
"""

import asyncio
from collections.abc import Callable

from zu_backends.boxes.selfprobe import Trace, trace_of
from zu_core.bus import Recorder
from zu_core.errors import Unavailable
from zu_core.events import Effect, EgressObserved, HostEffectObserved, Payload

Fact = EgressObserved | Effect


class FactJournal:
    """Takes facts and records them under the event that was current when they arrived.

    While a self-probe runs (`probing`), facts are its traces and do not go into the
    record: they say what the harness did, not what the target did.

    Attributes:
        traces: what the monitors saw of the self-probe that runs.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[Payload, str, str | None]] = asyncio.Queue()
        self._parent: str | None = None
        self._probing = False
        self._arrived = asyncio.Event()
        self._failure: BaseException | None = None
        self.traces: list[Trace] = []
        self._writer = asyncio.create_task(self._write(), name="zu-facts")

    def attribute(self, event_id: str | None) -> None:
        """Make `event_id` the parent of facts that arrive from now on."""
        self._parent = event_id

    def taker(self, source: str) -> Callable[[Fact], None]:
        """Return what a monitor on the event loop calls with each fact."""
        return lambda fact: self._take(fact, source)

    def taker_from_thread(self, source: str) -> Callable[[Fact], None]:
        """Return what a monitor on a thread calls with each fact."""

        def hand_over(fact: Fact) -> None:
            self._loop.call_soon_threadsafe(self._take, fact, source)

        return hand_over

    def put(self, payload: Payload, source: str = "") -> None:
        """Record `payload` behind the facts that have arrived."""
        self._queue.put_nowait((payload, source, self._parent))

    def start_probe(self) -> None:
        """Collect traces instead of recording facts."""
        self._probing, self.traces = True, []

    def end_probe(self) -> None:
        """Record facts again."""
        self._probing = False

    async def wait_for_traces(self, complete: Callable[[], bool], seconds: float) -> None:
        """Return once `complete()` is true, or after `seconds` without that."""
        try:
            async with asyncio.timeout(seconds):
                while not complete():
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return

    async def settle(self, quiet_seconds: float) -> None:
        """Return when every fact is recorded and none has arrived for `quiet_seconds`.

        Raises:
            Unavailable: the record could not be written.
        """
        while True:
            self._arrived.clear()
            await self.flush()
            try:
                async with asyncio.timeout(quiet_seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return

    async def flush(self) -> None:
        """Return when every fact that has arrived is recorded.

        Raises:
            Unavailable: the record could not be written.
        """
        emptied = asyncio.create_task(self._queue.join())
        await asyncio.wait({emptied, self._writer}, return_when=asyncio.FIRST_COMPLETED)
        emptied.cancel()
        if self._writer.done():
            raise Unavailable(
                "facts could not be recorded, so nothing that follows can be proved",
                advice="see the log's file system: is it full or read-only?",
            ) from self._failure

    async def close(self) -> None:
        """Record what has arrived, then stop. A second call does nothing."""
        if self._writer.done():
            return
        try:
            await self.flush()
        finally:
            self._writer.cancel()
            await asyncio.wait({self._writer})

    def _take(self, fact: Fact, source: str) -> None:
        self._arrived.set()
        if self._probing:
            trace = trace_of(fact)
            if trace is not None:
                self.traces.append(trace)
            return
        payload = fact if isinstance(fact, EgressObserved) else HostEffectObserved(effect=fact)
        self.put(payload, source)

    async def _write(self) -> None:
        while True:
            payload, source, parent = await self._queue.get()
            try:
                await self._recorder.record(payload, parent_id=parent, source=source)
            except Exception as error:
                self._failure = error
                raise
            self._queue.task_done()
