"""Seams to boxes, the programs in them and the monitors around them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from zu_core.bus import Recorder
from zu_core.contracts.box import BoxSpec, Exit


class ByteSource(Protocol):
    """The reading end of a pipe (`asyncio.StreamReader` is one)."""

    async def read(self, n: int = -1, /) -> bytes:
        """Return up to `n` bytes; b"" at the end."""
        ...


class ByteSink(Protocol):
    """The writing end of a pipe (`asyncio.StreamWriter` is one)."""

    def write(self, data: bytes, /) -> None:
        """Queue `data`."""
        ...

    async def drain(self) -> None:
        """Wait until the queue is short; raises `ConnectionError` on a closed pipe."""
        ...

    def close(self) -> None:
        """Close the pipe; the program sees the end of its input."""
        ...


@runtime_checkable
class Program(Protocol):
    """A program that runs in a box."""

    @property
    def stdin(self) -> ByteSink:
        """Its input."""
        ...

    @property
    def stdout(self) -> ByteSource:
        """Its output."""
        ...

    @property
    def stderr(self) -> ByteSource:
        """Its error output."""
        ...

    async def wait(self) -> Exit:
        """Return how it ended, after it and all its descendants are gone."""
        ...

    async def kill(self) -> None:
        """End it and all its descendants; return when they are gone."""
        ...


@runtime_checkable
class Box(Protocol):
    """A box that stands. Programs in it share its files and its network."""

    async def start(self, argv: Sequence[str], /) -> Program:
        """Probe the box from inside, then run `argv` in that very process.

        Raises:
            Unavailable: a probe got through, could not run, or was not seen by a
                monitor; nothing of `argv` has run.
            ConfigError: `argv` names no program that can be run.
        """
        ...

    def attribute(self, event_id: str | None, /) -> None:
        """Make `event_id` the parent of all facts seen from now on."""
        ...

    async def settle(self, quiet_seconds: float = 0.05, /) -> None:
        """Return when all facts seen so far are recorded and none came for a while."""
        ...

    async def record_changes(self) -> None:
        """Record how the box's files differ from the last time that this was called."""
        ...


@runtime_checkable
class Containment(Protocol):
    """The only assembly: box, network, proxy, DNS gate, monitors, limits, self-probe."""

    def box(self, spec: BoxSpec, recorder: Recorder, /) -> AbstractAsyncContextManager[Box]:
        """Open a box, whose facts go to `recorder`; nothing of it is left after the exit.

        Raises:
            Unavailable: a mechanism is missing on this machine; names it.
        """
        ...


@runtime_checkable
class SandboxBackend(Protocol):
    """A container engine, by the names of the seed's documents."""

    async def launch(self, spec: Mapping[str, Any], /) -> Any:
        """Start a sandbox."""
        ...

    async def exec(self, sandbox: Any, call: Mapping[str, Any], /) -> Any:
        """Run one call in it and return the observation."""
        ...

    async def exec_entrypoint(
        self, sandbox: Any, argv: Sequence[str], /, *, environment: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, bytes]:
        """Run a program in it; return exit code, stdout and stderr."""
        ...

    async def destroy(self, sandbox: Any, /) -> None:
        """Remove it; a second call does nothing."""
        ...


@runtime_checkable
class HostEffectMonitor(Protocol):
    """Collects effects on the host while a sandbox lives."""

    async def start(self, sandbox: Any, /) -> None:
        """Begin to watch."""
        ...

    async def collect(self) -> tuple[Mapping[str, Any], ...]:
        """Stop and return what was seen.

        Raises:
            Unavailable: the source was lost; the facts are incomplete.
        """
        ...
