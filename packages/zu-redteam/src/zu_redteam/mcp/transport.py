"""stdio transport of the Model Context Protocol over the pipes of a program in a box.

One JSON-RPC message per line (specification 2025-11-25, basic/transports). What is no
message is noise: it is recorded and skipped, as are lines beyond the limit.
"""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import mcp_types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from zu_core.bus import Recorder
from zu_core.events import ResourceObserved
from zu_core.ports import Program
from zu_redteam.jsonable import canonical
from zu_redteam.mcp.journal import Journal
from zu_redteam.mcp.lines import Line, LineSplitter, Overlong

LINE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of one message; more than any honest answer of a tool."""

TOO_LONG: Final = -32099
"""Code of the error that stands for an answer beyond that; JSON-RPC 2.0, section 5.1, leaves
it to implementations. A peer that sends it itself is in no `Link.overlong`."""

UNSOLICITED_LIMIT: Final = 5_000
"""Notifications and requests of one program that reach the client; the rest is dropped,
so that a flood costs its parsing only."""

_CHUNK: Final = 64 * 1024
_ID: Final = re.compile(rb'"id"\s*:\s*([0-9]{1,15})')

Inbound = MemoryObjectSendStream[SessionMessage | Exception]


@dataclass
class Link:
    """The two ends that the SDK's session works on, and how the program stands.

    Attributes:
        closed: set once no more messages can come or go.
        pending: ids of requests that wait for an answer.
        overlong: of those, the ones whose answer was beyond the limit, with what is kept.
        stderr_ended: set at the end of the program's error output.
    """

    program: Program
    journal: Journal
    recorder: Recorder
    read: MemoryObjectReceiveStream[SessionMessage | Exception]
    write: MemoryObjectSendStream[SessionMessage]
    output_left: int
    output_limit: int
    closed: anyio.Event = field(default_factory=anyio.Event)
    stderr_ended: anyio.Event = field(default_factory=anyio.Event)
    pending: set[int] = field(default_factory=set)
    overlong: dict[int, Overlong] = field(default_factory=dict)
    asked: dict[str | int, tuple[str, str]] = field(default_factory=dict)

    async def spend(self, size: int) -> bool:
        """Count `size` bytes of output; at the bound record that, end the program, say no."""
        before, self.output_left = self.output_left, self.output_left - size
        if self.output_left >= 0:
            return True
        if before >= 0:
            await self.recorder.record(
                ResourceObserved(
                    resource="output_bytes",
                    used=float(self.output_limit - self.output_left),
                    limit=float(self.output_limit),
                    action="the program was ended",
                ),
                parent_id=self.journal.parent_id,
            )
            await self.program.kill()
        return False


@asynccontextmanager
async def connect(
    program: Program, recorder: Recorder, *, output_limit: int, line_limit: int = LINE_LIMIT
) -> AsyncIterator[Link]:
    """Carry messages between `program` and the streams of the yielded `Link`.

    Both outputs are read until they end, whether anybody listens or not. The program is
    neither waited for nor ended here, except at its bound of output.
    """
    inbound, read = anyio.create_memory_object_stream[SessionMessage | Exception](64)
    write, outbound = anyio.create_memory_object_stream[SessionMessage](16)
    link = Link(program, Journal(recorder), recorder, read, write, output_limit, output_limit)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_pump_stdout, link, inbound, LineSplitter(line_limit))
        tasks.start_soon(_pump_stderr, link)
        tasks.start_soon(_pump_stdin, link, outbound, inbound)
        try:
            yield link
        finally:
            tasks.cancel_scope.cancel()
            for stream in (read, write, inbound, outbound):
                stream.close()
    await _record_unanswered(link)


async def _record_unanswered(link: Link) -> None:
    for method, params in link.asked.values():
        await link.journal.requested(method, params, "")


async def _pump_stdout(link: Link, inbound: Inbound, splitter: LineSplitter) -> None:
    try:
        while data := await link.program.stdout.read(_CHUNK):
            if not await link.spend(len(data)):
                return
            await _take_lines(link, inbound, splitter.feed(data))
        await _take_lines(link, inbound, splitter.end())
    finally:
        # In this order: whoever learns of the end of the messages can ask for its cause.
        link.closed.set()
        inbound.close()


async def _pump_stderr(link: Link) -> None:
    try:
        while data := await link.program.stderr.read(_CHUNK):
            await link.journal.said("stderr", data)
            if not await link.spend(len(data)):
                return
    finally:
        link.stderr_ended.set()


async def _pump_stdin(
    link: Link, outbound: MemoryObjectReceiveStream[SessionMessage], inbound: Inbound
) -> None:
    stdin = link.program.stdin
    try:
        async for item in outbound:
            await _note_answer(link, item.message)
            text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
            stdin.write(text.encode() + b"\n")
            await stdin.drain()
    except OSError:
        # A closed pipe: the session learns it by the end of its messages.
        link.closed.set()
        inbound.close()


async def _take_lines(link: Link, inbound: Inbound, lines: Sequence[Line | Overlong]) -> None:
    """Deliver the messages among `lines`; noise between two of them is recorded as one."""
    noise = b""
    for line in lines:
        messages = () if isinstance(line, Overlong) else _parse(line.data)
        if isinstance(line, Overlong) and (answered := _answered(link, line)) is not None:
            link.overlong[answered] = line
            messages = (_too_long(answered, line),)
        if not messages:
            noise += _noise(line)
            continue
        if noise:
            await link.journal.said("stdout", noise)
            noise = b""
        for message in messages:
            if await _note_unsolicited(link, message):
                await _deliver(inbound, message)
    if noise:
        await link.journal.said("stdout", noise)


def _answered(link: Link, line: Overlong) -> int | None:
    """The pending request that an overlong line answers, by the id at either end of it."""
    for part in (line.head, line.tail):
        for match in _ID.finditer(part):
            if int(match[1]) in link.pending:
                return int(match[1])
    return None


def _too_long(request_id: int, line: Overlong) -> mcp_types.JSONRPCError:
    data = mcp_types.ErrorData(code=TOO_LONG, message=f"an answer of {line.size} bytes")
    return mcp_types.JSONRPCError(jsonrpc="2.0", id=request_id, error=data)


def _noise(line: Line | Overlong) -> bytes:
    if isinstance(line, Overlong):
        skipped = b"... [a line of %d bytes is beyond the limit and was skipped]\n"
        return line.head + skipped % line.size
    return line.data + b"\n" if line.data.strip() else b""


async def _deliver(inbound: Inbound, message: mcp_types.JSONRPCMessage) -> None:
    try:
        await inbound.send(SessionMessage(message))
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        # Nobody listens any more; the program's output is read on, so that it can end.
        return


def _parse(data: bytes) -> tuple[mcp_types.JSONRPCMessage, ...]:
    """Return the messages of a line: one, several for a batch (2025-03-26), () for noise."""
    adapter = mcp_types.jsonrpc_message_adapter
    try:
        if not data.lstrip().startswith(b"["):
            return (adapter.validate_json(data, by_name=False),)
        return tuple(adapter.validate_python(one, by_name=False) for one in json.loads(data))
    except (ValueError, TypeError, RecursionError):
        return ()


async def _note_unsolicited(link: Link, message: mcp_types.JSONRPCMessage) -> bool:
    """Record what the program says or asks unasked; False for what is beyond the bound."""
    if isinstance(message, mcp_types.JSONRPCRequest):
        link.asked[message.id] = (message.method, _params(message.params))
    elif isinstance(message, mcp_types.JSONRPCNotification):
        text = f"{message.method} {_params(message.params)}"
        await link.journal.said("notification", text.encode("utf-8", "backslashreplace"))
    else:
        return True
    link.journal.unsolicited += 1
    within = link.journal.unsolicited <= UNSOLICITED_LIMIT
    if not within and isinstance(message, mcp_types.JSONRPCRequest):
        del link.asked[message.id]
    return within


async def _note_answer(link: Link, message: mcp_types.JSONRPCMessage) -> None:
    if isinstance(message, mcp_types.JSONRPCResponse):
        answer = canonical(message.result)
    elif isinstance(message, mcp_types.JSONRPCError):
        answer = f"refused: {message.error.message}"
    else:
        return
    if message.id is not None and message.id in link.asked:
        method, params = link.asked.pop(message.id)
        await link.journal.requested(method, params, answer)


def _params(params: Any) -> str:
    return canonical(params) if params else ""
