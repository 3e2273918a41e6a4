"""A program in a jail, from the harness's side."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from zu_backends.boxes import wire
from zu_backends.boxes.channel import Channel
from zu_backends.boxes.pipes import Detached, Pipes
from zu_core.errors import Unavailable


class JailedExit(NamedTuple):
    """How a program ended.

    Attributes:
        code: exit status as a shell reports it (128 + N for signal N).
        cpu_seconds: user and system time of it and all its descendants.
        peak_memory_bytes: the largest resident set of any one of them.
        executed: False where bubblewrap failed before it could execute the program; its
            reason stands on stderr.
    """

    code: int
    cpu_seconds: float
    peak_memory_bytes: int
    executed: bool


class JailedProcess:
    """A program that waits for `release`, runs, and has ended when `wait` returns.

    Attributes:
        pid: the host's pid of bwrap, the parent of the program's init.
        notify_fd: the listener of the notify filter. The caller owns it, and must answer
            its notifications: without answers not even bwrap runs.
        control: a stream socket to descriptor `CONTROL_FD` of the program, owned by the
            caller; None where none was asked for.
    """

    def __init__(
        self,
        *,
        pid: int,
        notify_fd: int,
        control: socket.socket | None,
        pipes: Pipes,
        run_channel: Channel,
        exited: "asyncio.Future[wire.Exited]",
        kill: Callable[[], Awaitable[None]],
    ) -> None:
        self.pid = pid
        self.notify_fd = notify_fd
        self.control = control
        self._pipes = pipes
        self._run = run_channel
        self._exited = exited
        self._kill = kill

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """Its input."""
        return self._pipes.stdin

    @property
    def stdout(self) -> asyncio.StreamReader:
        """Its output."""
        return self._pipes.stdout

    @property
    def stderr(self) -> asyncio.StreamReader:
        """Its error output, and what bubblewrap itself complains about."""
        return self._pipes.stderr

    async def detach(self) -> Detached:
        """Give the descriptors of its standard streams away; the streams have ended then."""
        return await self._pipes.detach()

    async def release(self) -> None:
        """Let bwrap be executed; returns when it is. Notifications must be answered.

        Raises:
            Unavailable: bwrap could not be executed.
        """
        try:
            await self._run.send(wire.Go())
            answer = await self._run.receive()
        except ConnectionError:
            answer = None
        finally:
            self._run.close()
        if answer and isinstance(answer.message, wire.Failed):
            raise Unavailable(answer.message.message, advice=answer.message.advice)

    async def wait(self) -> JailedExit:
        """Return how it ended, after it and all its descendants are gone.

        Raises:
            Unavailable: the box ended first; how the program ended is not known.
        """
        end = await asyncio.shield(self._exited)
        return JailedExit(end.code, end.cpu_seconds, end.peak_memory_bytes, end.executed)

    async def kill(self) -> None:
        """End it and all its descendants; return when they are gone."""
        await self._kill()
        await asyncio.wait([self._exited])

    def close(self) -> None:
        """Close the pipes; the jail does this at its end."""
        self._run.close()
        self._pipes.close()
