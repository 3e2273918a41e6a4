"""A program that runs in a contained box, from the leave to the last fact about it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from typing import NamedTuple

from zu_backends.boxes.bubblewrap import JailedProcess
from zu_backends.boxes.pipes import Detached
from zu_backends.contained.facts import FactJournal
from zu_backends.monitors.processes import kernel_lists_children, sample_tree
from zu_backends.monitors.resources import ResourceMonitor
from zu_backends.monitors.syscalls import SyscallMonitor
from zu_core.contracts import Exit, Limits
from zu_core.errors import Unavailable
from zu_core.events import ProgramEnded, ResourceObserved
from zu_core.ports import ByteSink, ByteSource


class ContainedProgram:
    """Implements `zu_core.ports.Program`.

    It is waited for from the leave on, so that its end is recorded when it comes and not
    when somebody asks. Made before the leave: a program may be gone right after it.

    Args:
        ended: called once when the program and all below it are gone, with the reason
            why how it ended is not known, or "".

    Raises:
        Unavailable: the process is gone.
    """

    def __init__(
        self,
        process: JailedProcess,
        syscalls: SyscallMonitor,
        limits: Limits,
        journal: FactJournal,
        ended: Callable[[str], None],
    ) -> None:
        self._process = process
        self._syscalls = syscalls
        self._limits = limits
        self._journal = journal
        self._ended = ended
        self._killed_for = ""
        self._leader = _leader_of(process.pid)
        self._kills: set[asyncio.Task[None]] = set()
        self._resources = ResourceMonitor(process.pid, limits, self._breached)
        self._resources.start()
        self._exit = asyncio.create_task(self._watch(), name="zu-program")
        self._exit.add_done_callback(_retrieve)

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

    async def detach(self) -> Detached:
        """Give the descriptors of its standard streams away; the streams have ended then."""
        return await self._process.detach()

    def signal(self, signum: int, *, group: bool = False) -> None:
        """Send `signum` to the program, or to its process group; does nothing after its end.

        The group is what a terminal would send to.
        """
        leader = self._leader
        if leader is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if group and os.getpgid(leader.pid) == leader.pid:
                os.killpg(leader.pid, signum)
            else:
                signal.pidfd_send_signal(leader.pidfd, signum)

    async def wait(self) -> Exit:
        """Return how it ended, after it and all its descendants are gone.

        Raises:
            Unavailable: the box ended first; how the program ended is not known.
        """
        return await asyncio.shield(self._exit)

    async def kill(self) -> None:
        """End it and all its descendants; return when they are gone and that is recorded."""
        await self._process.kill()
        await asyncio.wait({self._exit})

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
        lost = ""
        try:
            status = await self._process.wait()
            await self._stop_monitors()
            end = Exit(
                code=status.code,
                killed_for=self._killed_for,
                usage=self._resources.usage(status.cpu_seconds),
            )
            self._journal.put(
                ProgramEnded(code=end.code, usage=end.usage, killed_for=end.killed_for)
            )
            return end
        except Unavailable as error:
            lost = error.message
            raise
        finally:
            self._forget_leader()
            await self._stop_monitors()
            for monitor in (self._syscalls, self._resources):
                self._journal.put(monitor.report(), f"monitor.{monitor.name}")
            self._ended(lost)

    def _forget_leader(self) -> None:
        if self._leader is not None:
            os.close(self._leader.pidfd)
            self._leader = None

    async def _stop_monitors(self) -> None:
        await self._resources.stop()
        if self._syscalls.wait_ended(0.0):
            self._syscalls.stop()
        else:
            await asyncio.to_thread(self._syscalls.stop)


class _Leader(NamedTuple):
    """The program's own process, of which the box's init is the parent."""

    pid: int
    pidfd: int


def _leader_of(bwrap: int) -> _Leader | None:
    """Return the only process of the box beside bubblewrap and its init; None if it is gone."""
    try:
        _bwrap, _init, pid = sample_tree(bwrap, scan=not kernel_lists_children()).pids
        return _Leader(pid, os.pidfd_open(pid))
    except (ValueError, OSError):
        return None


def _retrieve(task: "asyncio.Task[Exit]") -> None:
    """Nobody may ask for the end of a program whose box is gone."""
    if not task.cancelled():
        task.exception()
