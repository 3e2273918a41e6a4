"""The server name in a TLS ClientHello, read without taking part (RFC 8446, RFC 6066).

A ClientHello is plain text; nothing else of TLS is looked at. Any octets give one of the
four answers: no parser of ours raises on what a program sends.
"""

from dataclasses import dataclass

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _ENCRYPTED_CLIENT_HELLO = 0, 0xFE0D
_HOST_NAME = 0
_MAX_RECORD = 1 << 14


@dataclass(frozen=True, slots=True)
class Incomplete:
    """More octets are needed."""


@dataclass(frozen=True, slots=True)
class NotTls:
    """The octets are no TLS handshake record."""


@dataclass(frozen=True, slots=True)
class BadHello:
    """A handshake record whose content is no ClientHello."""

    why: str


@dataclass(frozen=True, slots=True)
class Hello:
    """A ClientHello.

    Attributes:
        name: the server name, as sent; None without one.
        hidden: it carries encrypted_client_hello (RFC 9849): the name that counts may be
            another one.
    """

    name: str | None
    hidden: bool


ClientHello = Incomplete | NotTls | BadHello | Hello


class _MalformedError(Exception):
    """A length field points past its container, or a value is not allowed."""


def read_client_hello(data: bytes, limit: int) -> ClientHello:
    """What the first octets of a connection say; `limit` bounds the ClientHello."""
    if not data:
        return Incomplete()
    if data[0] != _HANDSHAKE or (len(data) > 1 and data[1] != 3):
        return NotTls()
    try:
        message = _handshake_message(data, limit)
        return Incomplete() if message is None else _hello(message)
    except _MalformedError as error:
        return BadHello(str(error))


def _handshake_message(data: bytes, limit: int) -> bytes | None:
    """The body of the ClientHello from one or several records; None if not all is here."""
    handshake = bytearray()
    at = 0
    while at + 5 <= len(data):
        if data[at] != _HANDSHAKE or data[at + 1] != 3:
            raise _MalformedError("a record of another kind within the ClientHello")
        length = int.from_bytes(data[at + 3 : at + 5])
        if not 0 < length <= _MAX_RECORD:
            raise _MalformedError(f"a record of {length} octets")
        handshake += data[at + 5 : at + 5 + length]
        at += 5 + length
        body = _complete(handshake, limit)
        if body is not None:
            return body
    return None


def _complete(handshake: bytearray, limit: int) -> bytes | None:
    if handshake and handshake[0] != _CLIENT_HELLO:
        raise _MalformedError(f"handshake message {handshake[0]}")
    if len(handshake) < 4:
        return None
    length = int.from_bytes(handshake[1:4])
    if length > limit:
        raise _MalformedError(f"a ClientHello of {length} octets")
    return bytes(handshake[4 : 4 + length]) if len(handshake) >= 4 + length else None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise _MalformedError("a length beyond the end")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, octets: int) -> int:
        return int.from_bytes(self.take(octets))

    def vector(self, octets: int) -> bytes:
        return self.take(self.number(octets))


def _hello(message: bytes) -> Hello:
    reader = _Reader(message)
    reader.take(2 + 32)  # legacy_version, random
    reader.vector(1)  # legacy_session_id
    reader.vector(2)  # cipher_suites
    reader.vector(1)  # legacy_compression_methods
    extensions = _Reader(reader.vector(2)) if reader else _Reader(b"")
    if reader:
        raise _MalformedError("octets after the extensions")
    seen: dict[int, bytes] = {}
    while extensions:
        kind = extensions.number(2)
        if kind in seen:
            raise _MalformedError(f"extension {kind} twice")
        seen[kind] = extensions.vector(2)
    name = _server_name(seen[_SERVER_NAME]) if _SERVER_NAME in seen else None
    return Hello(name, _ENCRYPTED_CLIENT_HELLO in seen)


def _server_name(extension: bytes) -> str:
    outer = _Reader(extension)
    entries = _Reader(outer.vector(2))
    if outer or not entries:
        raise _MalformedError("an empty server name list")
    kind, name = entries.number(1), entries.vector(2)
    if entries or kind != _HOST_NAME:
        raise _MalformedError("more than one server name")
    if not name or not name.isascii() or any(octet < 0x21 for octet in name):
        raise _MalformedError("a server name with octets that no name has")
    return name.decode("ascii")
