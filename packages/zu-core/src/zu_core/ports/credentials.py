"""Seams to secrets and identities."""

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Channel(Protocol):
    """A service that the harness owns and offers by narrow verbs (ZU-NET-2)."""

    async def call(self, verb: str, arguments: dict[str, Any], /) -> dict[str, Any]:
        """Run `verb`.

        Raises:
            Refused: the verb or its arguments are not allowed.
        """
        ...


@runtime_checkable
class WorkloadIdentity(Protocol):
    """Presents and verifies who acts (ZU-NET-4)."""

    async def present(self) -> bytes:
        """Return a credential of this workload."""
        ...

    async def verify(self, credential: bytes, /) -> str:
        """Return the principal.

        Raises:
            Refused: the credential is not valid.
        """
        ...


@runtime_checkable
class KeyProvider(Protocol):
    """Gives keys to the payload codec."""

    def current(self) -> tuple[str, bytes]:
        """Return id and bytes of the key for new payloads."""
        ...

    def get(self, key_id: str, /) -> bytes:
        """Return the key `key_id`.

        Raises:
            Unavailable: there is no such key, or no more.
        """
        ...
