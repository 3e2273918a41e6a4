"""The client's side of one started target: negotiate, list, call.

Requests after the negotiation go out and come back as raw JSON, so that the record holds
what the target sent and not what a model of it kept, and so that malformed requests can be
made.
"""

import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import anyio
import mcp_types
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher

from zu_core.bus import Recorder
from zu_core.errors import ProtocolError, Unavailable, ZuError
from zu_core.events import ToolDescription
from zu_core.ports import Program
from zu_redteam.jsonable import canonical, digest, recordable
from zu_redteam.mcp.negotiate import CLIENT, make_session, negotiate
from zu_redteam.mcp.patience import Patience
from zu_redteam.mcp.transport import Link, connect
from zu_redteam.unwrap import single

Outcome = Literal["result", "tool-error", "protocol-error", "timeout", "closed"]

_PAGES: Final = 50
_ROUNDS: Final = 3
_LAST_WORDS_SECONDS: Final = 0.5


class CouldNotRun(Unavailable):
    """The target did not come to a state in which tools can be listed.

    Attributes:
        closed: it went away, rather than answer wrongly or not at all.
    """

    def __init__(self, message: str, *, closed: bool, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.closed = closed


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    Attributes:
        outcome: as in `zu_core.events.ToolReturned`.
        body: the result or the error object; None where nothing came.
        elapsed_ms: from the request to that.
        oversize: bytes of an answer that was too long to be read, of which `head` is kept.
        responsive: whether the target answers a ping, where it did not answer this.
    """

    outcome: Outcome
    body: dict[str, Any] | None
    elapsed_ms: float
    oversize: int = 0
    head: str = ""
    responsive: bool = True


class Conversation:
    """What can be asked of a target that agreed on a protocol.

    Attributes:
        server: name and version that it gives itself.
        protocol: the version agreed on.
        instructions: its text for the model.
    """

    def __init__(self, link: Link, session: ClientSession, dispatcher: JSONRPCDispatcher) -> None:
        self._link = link
        self._dispatcher = dispatcher
        self._ids = itertools.count(1000)
        info = session.server_info
        self.server = f"{info.name} {info.version}".strip() if info else ""
        self.protocol = session.protocol_version or ""
        self.instructions = session.instructions or ""
        self._meta = _stamp(self.protocol) if session.discover_result is not None else None

    @property
    def closed(self) -> bool:
        """Whether the target went away."""
        return self._link.closed.is_set()

    def attribute(self, event_id: str | None) -> None:
        """Make `event_id` the parent of what the target says from now on."""
        self._link.journal.parent_id = event_id

    async def request(self, method: str, params: dict[str, Any], seconds: float) -> Answer:
        """Send one request as it is and wait for what comes of it, at most `seconds`."""
        sent = {**params, "_meta": self._meta} if self._meta else params
        request_id = next(self._ids)
        started = time.monotonic()
        self._link.pending.add(request_id)
        outcome, body = await self._exchange(method, sent, request_id, seconds)
        self._link.pending.discard(request_id)
        elapsed_ms = (time.monotonic() - started) * 1000
        if outcome == "timeout" and self.closed:
            outcome = "closed"
        if outcome == "timeout":
            await self._cancel(request_id)
        line = self._link.overlong.pop(request_id, None)
        if line is not None:
            head = line.head.decode("utf-8", "backslashreplace")
            return Answer("result", None, elapsed_ms, oversize=line.size, head=head)
        return Answer(outcome, body, elapsed_ms)

    async def answers(self, seconds: float) -> bool:
        """Whether the target answers a ping, in whatever way; a closed one has answered."""
        return (await self.request("ping", {}, seconds)).outcome != "timeout"

    async def call(self, name: str, arguments: dict[str, Any], seconds: float) -> Answer:
        """Call a tool; input that it asks for on the way (2026-07-28) is refused."""
        params: dict[str, Any] = {"name": name, "arguments": arguments}
        answer = await self.request("tools/call", params, seconds)
        for _ in range(_ROUNDS):
            body = answer.body or {}
            if answer.outcome != "result" or body.get("resultType") != "input_required":
                break
            more = await self._refuse_input(body)
            if more is None:
                break
            answer = await self.request("tools/call", params | more, seconds)
        if answer.outcome == "result" and (answer.body or {}).get("isError") is True:
            return Answer("tool-error", answer.body, answer.elapsed_ms)
        return answer

    async def list_tools(self, seconds: float) -> tuple[ToolDescription, ...]:
        """Return all tools, page by page.

        Raises:
            Unavailable: the target did not answer.
            ProtocolError: its answer is no list of tools.
        """
        tools: list[ToolDescription] = []
        cursor: dict[str, Any] = {}
        for _ in range(_PAGES):
            answer = await self.request("tools/list", cursor, seconds)
            if answer.outcome != "result" or answer.body is None:
                raise Unavailable(f"the target did not list its tools ({_why(answer)})")
            tools += _tools(answer.body)
            following = answer.body.get("nextCursor")
            if not isinstance(following, str) or not following:
                return tuple(tools)
            cursor = {"cursor": following}
        raise ProtocolError(f"the target's list of tools has more than {_PAGES} pages")

    async def _exchange(
        self, method: str, params: dict[str, Any], request_id: int, seconds: float
    ) -> tuple[Outcome, dict[str, Any] | None]:
        outcome: Outcome = "timeout"
        body: dict[str, Any] | None = None
        with anyio.move_on_after(seconds):
            try:
                body = await self._dispatcher.send_raw_request(
                    method, params, {"request_id": request_id, "cancel_on_abandon": False}
                )
                outcome = "result"
            except MCPError as error:
                # A peer may send the code of a closed connection; our own pipes know better.
                gone = error.code == mcp_types.CONNECTION_CLOSED and self.closed
                outcome = "closed" if gone else "protocol-error"
                body = None if gone else error.error.model_dump(mode="json", exclude_none=True)
        return outcome, body

    async def _cancel(self, request_id: int) -> None:
        with anyio.move_on_after(0.2):
            await self._dispatcher.notify(
                "notifications/cancelled", {"requestId": request_id, "reason": "timeout"}
            )

    async def _refuse_input(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """Record what is asked and return the refusals; None where one can't be refused."""
        asked = body.get("inputRequests")
        responses: dict[str, Any] = {}
        for key, one in (asked if isinstance(asked, dict) else {}).items():
            method = str(one.get("method")) if isinstance(one, dict) else ""
            refusal = _REFUSALS.get(method)
            await self._link.journal.requested(
                method, canonical(one), canonical(refusal) if refusal else "refused"
            )
            if refusal is None:
                return None
            responses[key] = refusal
        state = body.get("requestState")
        return {"inputResponses": responses} | ({"requestState": state} if state else {})


_REFUSALS: Final[dict[str, dict[str, Any]]] = {
    "elicitation/create": {"action": "decline"},
    "roots/list": {"roots": []},
}


@asynccontextmanager
async def converse(
    program: Program,
    recorder: Recorder,
    patience: Patience,
    *,
    output_limit: int,
    discover: bool = True,
) -> AsyncIterator[Conversation]:
    """Agree on a protocol with `program`, which was started just now, and talk to it.

    Raises:
        CouldNotRun: it went away, did not answer or answered wrongly; with the tail of its
            stderr.
    """
    try:
        async with connect(program, recorder, output_limit=output_limit) as link:
            dispatcher: JSONRPCDispatcher = JSONRPCDispatcher(link.read, link.write)
            async with make_session(dispatcher) as session:
                try:
                    await negotiate(session, patience, discover=discover)
                except (ZuError, MCPError) as error:
                    raise await _could_not_run(link, error) from error
                yield Conversation(link, session, dispatcher)
    except BaseExceptionGroup as group:
        raise single(group) from None


async def _could_not_run(link: Link, error: ZuError | MCPError) -> CouldNotRun:
    closed = link.closed.is_set()
    if closed:
        with anyio.move_on_after(_LAST_WORDS_SECONDS):
            await link.stderr_ended.wait()
    tail = link.journal.stderr_tail
    if closed:
        said = "the target went away before it answered"
        said += "" if tail else ", and said nothing on its error output"
    elif isinstance(error, ZuError):
        said = error.message
    else:
        said = f"the target answered the handshake with an error: {error.error.message}"
    return CouldNotRun(
        f"could not run: {said}" + (f"\nits last words:\n{tail}" if tail else ""),
        closed=closed,
        advice="run the command by hand and see that it waits for messages on its input",
    )


def _stamp(version: str) -> dict[str, Any]:
    """The envelope that each request of the protocol 2026-07-28 carries in `_meta`."""
    return {
        mcp_types.PROTOCOL_VERSION_META_KEY: version,
        mcp_types.CLIENT_INFO_META_KEY: CLIENT.model_dump(mode="json", exclude_none=True),
        mcp_types.CLIENT_CAPABILITIES_META_KEY: {
            "sampling": {},
            "elicitation": {"form": {}, "url": {}},
            "roots": {"listChanged": True},
        },
    }


def _tools(body: dict[str, Any]) -> list[ToolDescription]:
    listed = body.get("tools")
    if not isinstance(listed, list):
        raise ProtocolError("the target's answer to tools/list holds no list of tools")
    return [_tool(one) for one in listed]


def _tool(raw: Any) -> ToolDescription:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str) or not raw["name"]:
        raise ProtocolError("the target lists a tool without a name")
    description, schema = raw.get("description"), raw.get("inputSchema")
    definition = canonical(raw)
    return ToolDescription(
        name=raw["name"],
        description=description if isinstance(description, str) else "",
        input_schema=recordable(schema) if isinstance(schema, dict) else {},
        definition=recordable(definition),
        digest=digest(definition),
    )


def _why(answer: Answer) -> str:
    if answer.oversize:
        return f"an answer of {answer.oversize} bytes is too long to be read"
    message = (answer.body or {}).get("message")
    return f"{answer.outcome}: {message}" if isinstance(message, str) else answer.outcome
