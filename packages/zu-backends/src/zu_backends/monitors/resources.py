"""What the programs in a box use, by sampling the processes below one pid."""

import asyncio
import os
import select
from collections.abc import Callable
from typing import Final

from zu_backends.monitors.base import Account
from zu_backends.monitors.processes import (
    Sample,
    kernel_lists_children,
    sample_tree,
    shared_out_bytes,
)
from zu_core.contracts.box import Usage
from zu_core.contracts.limits import Limits
from zu_core.errors import Unavailable
from zu_core.events.box import MonitorReported

INTERVAL_SECONDS: Final = 0.05
# A gap in which a program could have used anything, unseen.
LATEST_SECONDS: Final = 2.0


class ResourceMonitor:
    """Samples memory and processes, and says once when a limit is reached.

    Memory is what the processes hold and would give back at their end: anonymous, shared
    and swapped pages. Its sum over processes costs 30 us for each but counts pages that
    are shared after fork(2) several times, so it decides nothing alone: where it exceeds
    the limit, the kernel is asked for each page's share (Pss; 10 ms per GiB). The peak
    below the limit is the sum. Files on the box's tmpfs are bounded by its size, not here.

    Args:
        pid: the outermost process of the box, a child of ours.
        limits: `wall_seconds` and `memory_bytes` are watched; the kernel enforces others.
        breached: called at most once, in the event loop, with the name of the field of
            `Limits` and what was used; the callee ends the box.
        interval_seconds: pause between two samples.
    """

    name = "resources"

    def __init__(
        self,
        pid: int,
        limits: Limits,
        breached: Callable[[str, float], None],
        *,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._pid = pid
        self._limits = limits
        self._breached = breached
        self._interval = interval_seconds
        self._account = Account(self.name)
        self._scan = not kernel_lists_children()
        self._told = False
        self._peak_memory = 0
        self._peak_processes = 0
        self._started = 0.0
        self._ended: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._clock: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start the clock and the samples, in the running loop.

        To be called before the process can be waited for: a pid that was waited for may
        be another's.

        Raises:
            Unavailable: there is no such process.
        """
        try:
            process = _PidFd(self._pid)
        except OSError as error:
            self._account.lose(f"the program's process is not there: {error.strerror}")
            raise Unavailable(f"process {self._pid} can't be watched: {error.strerror}") from error
        loop = asyncio.get_running_loop()
        self._started = loop.time()
        if self._limits.wall_seconds is not None:
            self._clock = loop.call_later(self._limits.wall_seconds, self._overtime)
        self._task = asyncio.create_task(self._run(process), name="zu-resources")
        self._task.add_done_callback(lambda task: self._ran(task, process))

    async def stop(self) -> None:
        """Stop the clock and the samples; a second call does nothing."""
        if self._clock is not None:
            self._clock.cancel()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    def usage(self, cpu_seconds: float) -> Usage:
        """Return what was used until now, or until the end.

        Args:
            cpu_seconds: user and system time, which the kernel hands to the parent
                (wait4(2)); samples can't give it.
        """
        now = asyncio.get_running_loop().time() if self._ended is None else self._ended
        return Usage(
            cpu_seconds=cpu_seconds,
            peak_memory_bytes=self._peak_memory,
            peak_processes=self._peak_processes,
            wall_seconds=now - self._started if self._task is not None else 0.0,
        )

    def report(self) -> MonitorReported:
        """Complete if samples came without a long gap until `stop` or the process's end."""
        return self._account.report()

    async def _run(self, process: "_PidFd") -> None:
        loop = asyncio.get_running_loop()
        latest = loop.time()
        while not process.ended():
            await self._take(sample_tree(self._pid, scan=self._scan))
            await asyncio.sleep(self._interval)
            gap = loop.time() - latest
            if gap > LATEST_SECONDS:
                self._account.lose(f"no sample was taken for {gap:.1f} s")
            latest += gap

    async def _take(self, sample: Sample) -> None:
        self._account.facts += 1
        self._peak_processes = max(self._peak_processes, len(sample.pids))
        memory = sample.memory_bytes
        if memory > self._limits.memory_bytes:
            memory = await asyncio.to_thread(shared_out_bytes, sample.pids)
        self._peak_memory = max(self._peak_memory, memory)
        if memory > self._limits.memory_bytes:
            self._tell("memory_bytes", float(memory))

    def _overtime(self) -> None:
        self._tell("wall_seconds", asyncio.get_running_loop().time() - self._started)

    def _tell(self, resource: str, used: float) -> None:
        if not self._told:
            self._told = True
            self._breached(resource, used)

    def _ran(self, task: asyncio.Task[None], process: "_PidFd") -> None:
        process.close()
        self._ended = task.get_loop().time()
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            # The clock runs on: a program that can't be sampled still ends.
            self._account.lose(f"sampling failed: {type(failure).__name__}: {failure}")
        elif self._clock is not None:
            self._clock.cancel()
        self._account.finish()


class _PidFd:
    """Tells whether a process has ended, without waiting for it (pidfd_open(2), 5.3)."""

    def __init__(self, pid: int) -> None:
        self._fd = os.pidfd_open(pid)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    def close(self) -> None:
        os.close(self._fd)

    def ended(self) -> bool:
        return bool(self._poll.poll(0))
