"""Seams to what controls the way out."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class EgressProxy(Protocol):
    """The only way out of a sandbox; records each connection."""

    async def launch(self, allow: tuple[str, ...], /) -> tuple[str, int]:
        """Start with an allowlist; return host and port as the sandbox reaches it."""
        ...

    async def connections(self) -> tuple[Mapping[str, Any], ...]:
        """Return what was asked of it so far.

        Raises:
            Unavailable: the record is incomplete.
        """
        ...

    async def stop(self) -> None:
        """Close all connections and listeners."""
        ...


@runtime_checkable
class EgressEnforcement(Protocol):
    """A mechanism that leaves a sandbox no way out but the proxy."""

    async def apply(self, sandbox: Any, /, *, proxy: tuple[str, int] | None) -> None:
        """Put the rules up, read them back and compare.

        Raises:
            Unavailable: the rules that stand are not those that were asked for.
        """
        ...

    async def remove(self, sandbox: Any, /) -> None:
        """Take the rules down; a second call does nothing."""
        ...
