"""A process that stands in a box and waits: for its checks, then for leave to be the target."""

import asyncio
import os
import socket
import sys
from contextlib import AsyncExitStack
from typing import Final, Self

from zu_backends.boxes.bubblewrap import CONTROL_FD, Jail, JailedProcess
from zu_backends.boxes.selfprobe import code, loader_argv
from zu_backends.contained.facts import FactJournal
from zu_backends.contained.frames import send
from zu_backends.contained.surroundings import Bait
from zu_backends.monitors.syscalls import SyscallMonitor
from zu_core.contracts import Mount
from zu_core.errors import Unavailable

_PIPE_BYTES: Final = 1 << 20
_EXECUTE_SECONDS: Final = 1.0


def interpreter_mounts() -> tuple[Mount, ...]:
    """Return what the probe's interpreter needs beyond /usr."""
    prefix = os.path.realpath(sys.base_prefix)
    return (Mount(path=prefix, reason="interpreter of the self-probe"),)


class Candidate:
    """The probe's process, its monitor and the bait that was laid for it.

    It exists before it is needed, so that the interpreter starts while the rest of the
    box is put together.
    """

    def __init__(
        self, process: JailedProcess, syscalls: SyscallMonitor, bait: Bait, journal: FactJournal
    ) -> None:
        self.process = process
        self.syscalls = syscalls
        self.bait = bait
        self._journal = journal

    @classmethod
    async def start(cls, jail: Jail, journal: FactJournal) -> Self:
        """Start the interpreter; it has no checks yet. Facts are traces from now on.

        Raises:
            Unavailable: it can't be started.
        """
        async with AsyncExitStack() as undo:
            bait = Bait()
            undo.callback(bait.close)
            journal.start_probe(bait.nonce)
            undo.callback(journal.end_probe)
            argv = loader_argv(_interpreter(), CONTROL_FD, bait.nonce)
            process = await jail.run(argv, {}, jail.paths.work, limit=_PIPE_BYTES)
            undo.push_async_callback(process.kill)
            take = journal.taker_from_thread("monitor.syscalls")
            candidate = cls(process, SyscallMonitor(process.notify_fd, take), bait, journal)
            undo.push_async_callback(candidate.stop)
            candidate.syscalls.start()
            await send(candidate.control(), code())
            await process.release()
            # Until its exec bubblewrap waits for the monitor, and that for the interpreter
            # lock: other work of this thread would only delay it. Then there is time for it.
            await journal.wait_for_traces(candidate.executed, _EXECUTE_SECONDS)
            undo.pop_all()
        return candidate

    def executed(self) -> bool:
        """Whether the monitor has seen bubblewrap execute the interpreter."""
        return any(
            trace.monitor == "exec" and trace.text.startswith(_interpreter())
            for trace in self._journal.traces
        )

    def control(self) -> socket.socket:
        """The harness's end of the control socket."""
        control = self.process.control
        if control is None:
            raise Unavailable("the box has no control socket for its self-probe")
        control.setblocking(False)
        return control

    async def stop(self) -> None:
        """End the process and its monitor; a second call does nothing."""
        self.bait.close()
        await self.process.kill()
        await asyncio.to_thread(self.syscalls.stop)
        if self.process.control is not None:
            self.process.control.close()


def _interpreter() -> str:
    prefix = os.path.realpath(sys.base_prefix)
    return os.path.join(prefix, "bin", f"python3.{sys.version_info[1]}")
