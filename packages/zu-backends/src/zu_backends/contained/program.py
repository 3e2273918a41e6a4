"""A program that runs in a contained box, from the leave to the last fact about it."""

import asyncio
from collections.abc import Callable

from zu_backends.boxes.bubblewrap import JailedProcess
from zu_backends.contained.facts import FactJournal
from zu_backends.monitors.resources import ResourceMonitor
from zu_backends.monitors.syscalls import SyscallMonitor
from zu_core.contracts import Exit, Limits
from zu_core.events import ProgramEnded, ResourceObserved
from zu_core.ports import ByteSink, ByteSource


class ContainedProgram:
    """Implements `zu_core.ports.Program`.

    It is waited for from its start on, so that its end is recorded when it comes and not
    when somebody asks.

    Args:
        ended: called once when the program and all below it are gone.
    """

    def __init__(
        self,
        process: JailedProcess,
        syscalls: SyscallMonitor,
        limits: Limits,
        journal: FactJournal,
        ended: Callable[[], None],
    ) -> None:
        self._process = process
        self._syscalls = syscalls
        self._limits = limits
        self._journal = journal
        self._ended = ended
        self._killed_for = ""
        self._kills: set[asyncio.Task[None]] = set()
        self._resources = ResourceMonitor(process.pid, limits, self._breached)
        self._resources.start()
        self._exit = asyncio.create_task(self._watch(), name="zu-program")

    @property
    def stdin(self) -> ByteSink:
        """Its input."""
        return self._process.stdin

    @property
    def stdout(self) -> ByteSource:
        """Its output."""
        return self._process.stdout

    @property
    def stderr(self) -> ByteSource:
        """Its error output."""
        return self._process.stderr

    async def wait(self) -> Exit:
        """Return how it ended, after it and all its descendants are gone."""
        return await asyncio.shield(self._exit)

    async def kill(self) -> None:
        """End it and all its descendants; return when they are gone."""
        await self._process.kill()
        await self.wait()

    def _breached(self, resource: str, used: float) -> None:
        limit = float(getattr(self._limits, resource))
        self._killed_for = resource
        self._journal.put(
            ResourceObserved(resource=resource, used=used, limit=limit, action="killed"),
            "monitor.resources",
        )
        task = asyncio.create_task(self._process.kill())
        self._kills.add(task)
        task.add_done_callback(self._kills.discard)

    async def _watch(self) -> Exit:
        status = await self._process.wait()
        await self._resources.stop()
        await asyncio.to_thread(self._syscalls.stop)
        end = Exit(
            code=status.code,
            killed_for=self._killed_for,
            usage=self._resources.usage(status.cpu_seconds),
        )
        self._journal.put(
            ProgramEnded(code=end.code, usage=end.usage, killed_for=end.killed_for), "harness"
        )
        for monitor in (self._syscalls, self._resources):
            self._journal.put(monitor.report(), f"monitor.{monitor.name}")
        self._ended()
        return end
