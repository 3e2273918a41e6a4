from hashlib import sha256

import pytest

from zu_core.errors import IntegrityError
from zu_core.note.keys import KeyType, NoteKey


class HashSigner:
    """Signs by a hash, so that the core is tested without a crypto library."""

    def __init__(self, name, kind=KeyType.ED25519):
        self.key = NoteKey(name, kind, sha256(f"{name} {int(kind)}".encode()).digest())

    def sign(self, message, /):
        return signature(self.key.public_key, message)


class HashVerifier:
    def __init__(self):
        self.messages = []

    def verify(self, public_key, given, message, /):
        self.messages.append(message)
        if given != signature(public_key, message):
            raise IntegrityError("a signature does not hold")


def signature(public_key, message):
    half = sha256(public_key + message).digest()
    return half + sha256(half).digest()


@pytest.fixture
def verifier():
    return HashVerifier()


@pytest.fixture
def log():
    return HashSigner("example.com/log")


@pytest.fixture
def witness():
    return HashSigner("witness.example/w1", KeyType.COSIGNATURE)


@pytest.fixture
def other_witness():
    return HashSigner("witness.example/w2", KeyType.COSIGNATURE)
