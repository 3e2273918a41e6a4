"""What client and server say to each other over MCP, as payloads of the record; no I/O.

Both sides are read along, neither is believed: an answer counts where a request asked for
it, and nothing that is said changes what is passed on.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final, Protocol
from uuid import uuid4

import msgspec

from zu_cli.guarding.messages import (
    CallParams,
    CallResult,
    CancelParams,
    Id,
    Initialized,
    Message,
    ToolList,
    content_of,
)
from zu_core.events import (
    Payload,
    TargetRequested,
    TargetSaid,
    ToolDescription,
    ToolInvoked,
    ToolReturned,
    ToolsListed,
)
from zu_redteam.jsonable import canonical, digest, recordable

WAITING_LIMIT: Final = 1000
"""Other requests that may wait for an answer; of more, the oldest are given up."""

CALLS_LIMIT: Final = 100_000
"""Calls of the client that may wait; of more, the oldest are recorded as given up."""

REQUESTS_LIMIT: Final = 4000
"""Requests of a server that are recorded; a flood of them must not fill the disk."""

_CONTENT_LIMIT: Final = 1 << 16


class Record(Protocol):
    """Where the payloads go, in order."""

    def put(
        self,
        payload: Payload,
        source: str = "",
        *,
        event_id: str | None = None,
        parent_id: str | None = None,
    ) -> None:
        """Record `payload`, under the current event where `parent_id` names no other."""
        ...


class _Call(msgspec.Struct, frozen=True):
    """A call that waits for its answer."""

    event_id: str
    tool: str
    started: float


class Conversation:
    """Follows one conversation.

    Args:
        record: takes the payloads.
        attribute: called with the event that is under way, before anything of its
            consequences can be recorded; with None when none is.
        whole: record results and requests of the server in full, not by digest and size.
    """

    def __init__(
        self, record: Record, attribute: Callable[[str | None], None], *, whole: bool
    ) -> None:
        self._record = record
        self._attribute = attribute
        self._whole = whole
        self._calls: dict[Id, _Call] = {}
        self._asked: dict[Id, str] = {}
        self._requested: dict[Id, Message] = {}
        self._requests_left = REQUESTS_LIMIT
        self._called = False
        self._server = Initialized()

    def from_client(self, message: Message, now: float) -> None:
        """Take a message on its way to the server; `now` in seconds of any clock."""
        if message.method == "tools/call" and message.id is not None:
            self._call(message.id, message.params, now)
        elif message.method in ("tools/list", "initialize") and message.id is not None:
            _remember(self._asked, message.id, message.method)
        elif message.method == "notifications/cancelled":
            cancelled = content_of(message.params, CancelParams)
            if cancelled is not None and cancelled.request_id is not None:
                self._end(cancelled.request_id, "timeout", now, {"cancelled": True})
        elif message.is_response and message.id in self._requested:
            self._answered(self._requested.pop(message.id), message)

    def from_server(self, message: Message, now: float) -> None:
        """Take a message on its way to the client."""
        if message.is_request and message.id is not None:
            self._request(message.id, message)
        elif message.is_response and message.id in self._calls:
            self._return(message.id, message, now)
        elif message.is_response and message.id in self._asked:
            self._told(self._asked.pop(message.id), message)

    def skipped(self, channel: str, size: int) -> None:
        """Take note of a line that was too long to be read along."""
        said = f"[a line of {size} bytes from the {channel} was passed on but is not recorded]"
        self._record.put(TargetSaid(channel="stdout", text=said, truncated=True), "target")

    def close(self, now: float) -> None:
        """Record what has no answer and gets none: the server is gone."""
        for one in tuple(self._calls):
            self._end(one, "closed", now)
        for message in self._requested.values():
            self._answered(message, None)
        self._requested.clear()

    def _call(self, one: Id, params: msgspec.Raw, now: float) -> None:
        asked = content_of(params, CallParams) or CallParams()
        given = {} if asked.arguments is None else asked.arguments
        arguments = given if isinstance(given, dict) else {"": given}
        call = _Call(uuid4().hex, asked.name, now)
        self._called = True
        self._record.put(
            ToolInvoked(tool=recordable(asked.name), arguments=recordable(arguments)),
            event_id=call.event_id,
        )
        if one in self._calls or len(self._calls) == CALLS_LIMIT:
            given_up = one if one in self._calls else next(iter(self._calls))
            self._end(given_up, "closed", now, {"given_up": True})
        self._calls[one] = call
        self._attribute_oldest()

    def _return(self, one: Id, message: Message, now: float) -> None:
        if message.error:
            return self._end(one, "protocol-error", now, content=bytes(message.error))
        result = content_of(message.result, CallResult)
        failed = result is not None and result.is_error
        outcome = "tool-error" if failed else "result"
        return self._end(one, outcome, now, content=bytes(message.result))

    def _end(
        self,
        one: Id,
        outcome: Any,
        now: float,
        context: dict[str, Any] | None = None,
        content: bytes = b"",
    ) -> None:
        call = self._calls.pop(one, None)
        if call is None:
            return
        returned = ToolReturned(
            tool=recordable(call.tool),
            outcome=outcome,
            content=_text(content) if self._whole else "",
            size=len(content),
            digest=hashlib.sha256(content).hexdigest() if content else "",
            truncated=bool(content) and not self._whole,
            elapsed_ms=(now - call.started) * 1e3,
            ctx=context or {},
        )
        self._record.put(returned, "target", parent_id=call.event_id)
        self._attribute_oldest()

    def _attribute_oldest(self) -> None:
        """Of several calls the oldest is under way: servers that work on one at a time take
        them in order. What those do that work on several can't be told apart from outside.
        """
        oldest = next(iter(self._calls.values()), None)
        self._attribute(oldest.event_id if oldest else None)

    def _told(self, method: str, message: Message) -> None:
        if method == "initialize":
            self._server = content_of(message.result, Initialized) or self._server
            return
        listed = content_of(message.result, ToolList)
        if listed is None:
            return
        info = self._server.server_info
        self._record.put(
            ToolsListed(
                moment="after-calls" if self._called else "start",
                tools=tuple(_description(one) for one in listed.tools if isinstance(one, dict)),
                server=recordable(f"{info.name} {info.version}".strip()),
                protocol=recordable(self._server.protocol_version),
                instructions=recordable(self._server.instructions, text_limit=_CONTENT_LIMIT),
            ),
            "target",
        )

    def _request(self, one: Id, message: Message) -> None:
        if self._requests_left:
            self._requests_left -= 1
            for _, given_up in _remember(self._requested, one, message):
                self._answered(given_up, None)
            if not self._requests_left:
                text = "[more requests of the server are passed on but not recorded]"
                self._record.put(TargetSaid(channel="stdout", text=text), "target")

    def _answered(self, request: Message, answer: Message | None) -> None:
        if answer is None:
            said = ""
        elif answer.error:
            said = self._shown(bytes(answer.error), "refused: ")
        else:
            said = self._shown(bytes(answer.result))
        self._record.put(
            TargetRequested(
                method=recordable(request.method or "", text_limit=256),
                params=self._shown(bytes(request.params)),
                answered=said,
            ),
            "target",
        )

    def _shown(self, content: bytes, before: str = "") -> str:
        if self._whole or not content:
            return before + _text(content)
        return f"{before}[{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}]"


def _remember(waiting: dict[Id, Any], one: Id, value: Any) -> list[tuple[Id, Any]]:
    """Add to `waiting`; return the oldest, taken out, where there are too many."""
    waiting[one] = value
    if len(waiting) <= WAITING_LIMIT:
        return []
    oldest = next(iter(waiting))
    return [(oldest, waiting.pop(oldest))]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def _description(raw: dict[str, Any]) -> ToolDescription:
    definition = canonical(raw)
    schema = raw.get("inputSchema")
    return ToolDescription(
        name=recordable(str(raw.get("name", ""))),
        description=recordable(str(raw.get("description", ""))),
        input_schema=recordable(schema) if isinstance(schema, dict) else {},
        definition=recordable(definition),
        digest=digest(definition),
    )
