"""Seam to signatures: the core decides what is signed, not how."""

from typing import Protocol, runtime_checkable

from zu_core.note.keys import NoteKey


@runtime_checkable
class Signer(Protocol):
    """Holds one secret key.

    Attributes:
        key: name, kind and public key under which its signatures are known.
    """

    @property
    def key(self) -> NoteKey:
        """The public side."""
        ...

    def sign(self, message: bytes, /) -> bytes:
        """Return the Ed25519 signature (RFC 8032) of `message`, 64 bytes."""
        ...


@runtime_checkable
class SignatureVerifier(Protocol):
    """Checks Ed25519 signatures (RFC 8032)."""

    def verify(self, public_key: bytes, signature: bytes, message: bytes, /) -> None:
        """Return if `signature` is one of `message` by `public_key`, 32 bytes.

        Raises:
            IntegrityError: it is not.
        """
        ...
