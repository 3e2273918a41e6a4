"""Ed25519 (RFC 8032) by `cryptography`: makes and checks the signatures of notes."""

from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from zu_core.errors import ConfigError, IntegrityError
from zu_core.note.keys import KeyType, NoteKey, SecretKey


class Ed25519Signer:
    """Signs with a secret key that is held in memory.

    Attributes:
        key: the public side.
    """

    def __init__(self, secret: SecretKey) -> None:
        """Use `secret`.

        Raises:
            ConfigError: its text form states the id of another key.
        """
        self._private = Ed25519PrivateKey.from_private_bytes(secret.seed)
        self.key = NoteKey(secret.name, secret.type, self._private.public_key().public_bytes_raw())
        if self.key.id != secret.stated_id:
            raise ConfigError(f"the secret key {secret.name!r} does not have the id that it states")

    @classmethod
    def generate(cls, name: str, kind: KeyType = KeyType.ED25519) -> Self:
        """Return a signer with a new key, from the system's random numbers."""
        return cls.of_seed(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def of_seed(cls, name: str, kind: KeyType, seed: bytes) -> Self:
        """Return the signer whose secret is `seed`, 32 bytes."""
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        return cls(SecretKey(name, kind, NoteKey(name, kind, public).id, seed))

    @property
    def secret(self) -> SecretKey:
        """The secret side, to be kept."""
        seed = self._private.private_bytes_raw()
        return SecretKey(self.key.name, self.key.type, self.key.id, seed)

    def sign(self, message: bytes, /) -> bytes:
        """Return the signature of `message`, 64 bytes."""
        return self._private.sign(message)


class Ed25519Verifier:
    """Checks signatures; see `SignatureVerifier`."""

    def verify(self, public_key: bytes, signature: bytes, message: bytes, /) -> None:
        """Return if `signature` is one of `message` by `public_key`, 32 bytes.

        Raises:
            IntegrityError: it is not, or `public_key` is no key.
        """
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise IntegrityError(
                "a signature does not hold",
                advice="the text, the signature or the key is another than the one that was made",
            ) from error
