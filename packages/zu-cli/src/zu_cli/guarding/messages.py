"""JSON-RPC 2.0 messages as far as the record of a conversation needs them; pure.

One message a line, or a batch of them as an array (MCP 2025-03-26). Parameters and results
stay bytes until somebody needs what is in them.
"""

from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")
Id = int | float | str


class Message(msgspec.Struct, frozen=True):
    """A request, a notification (no `id`), or a response (no `method`).

    Attributes:
        params, result, error: JSON text; empty where the message has no such member.
    """

    id: Id | None = None
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()

    @property
    def is_request(self) -> bool:
        """Whether it asks for an answer."""
        return self.method is not None and self.id is not None

    @property
    def is_response(self) -> bool:
        """Whether it answers a request."""
        return self.method is None and self.id is not None


class CallParams(msgspec.Struct, frozen=True):
    """Parameters of tools/call."""

    name: str = ""
    arguments: Any = None


class CancelParams(msgspec.Struct, frozen=True, rename="camel"):
    """Parameters of notifications/cancelled."""

    request_id: Id | None = None


class CallResult(msgspec.Struct, frozen=True, rename="camel"):
    """The part of an answer to tools/call that says whether the tool failed."""

    is_error: bool = False


class ToolList(msgspec.Struct, frozen=True):
    """An answer to tools/list."""

    tools: tuple[Any, ...] = ()


class ServerInfo(msgspec.Struct, frozen=True):
    """Name and version that a server gives itself."""

    name: str = ""
    version: str = ""


class Initialized(msgspec.Struct, frozen=True, rename="camel"):
    """An answer to initialize."""

    protocol_version: str = ""
    server_info: ServerInfo = ServerInfo()
    instructions: str = ""


_ONE: Final = msgspec.json.Decoder(Message)
_BATCH: Final = msgspec.json.Decoder(list[Message])
_UNREADABLE: Final = (msgspec.DecodeError, msgspec.ValidationError, RecursionError, ValueError)


def parse_line(line: bytes) -> tuple[Message, ...]:
    """Return the messages of a line; () for what is none."""
    start = line.lstrip()[:1]
    try:
        if start == b"{":
            return (_ONE.decode(line),)
        if start == b"[":
            return tuple(_BATCH.decode(line))
    except _UNREADABLE:
        return ()
    return ()


def content_of(raw: msgspec.Raw, kind: type[T]) -> T | None:
    """Return `raw` as `kind`; None where it has another shape."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except _UNREADABLE:
        return None
