import asyncio

import anyio
import mcp_types
import pytest
from mcp.shared.message import SessionMessage

from zu_core.contracts import Exit, Usage
from zu_core.events import ResourceObserved, TargetRequested, TargetSaid
from zu_redteam.mcp.transport import UNSOLICITED_LIMIT, connect


class Sink:
    """An input that keeps what is written, or breaks."""

    def __init__(self):
        self.data = b""
        self.broken = False

    def write(self, data):
        self.data += data

    async def drain(self):
        if self.broken:
            raise BrokenPipeError

    def close(self):
        self.broken = True


class ScriptedProgram:
    def __init__(self):
        self.stdin = Sink()
        self.stdout = asyncio.StreamReader()
        self.stderr = asyncio.StreamReader()
        self.killed = asyncio.Event()

    async def wait(self):
        usage = Usage(cpu_seconds=0, peak_memory_bytes=0, peak_processes=1, wall_seconds=0)
        return Exit(code=0, usage=usage)

    async def kill(self):
        self.killed.set()
        self.stdout.feed_eof()
        self.stderr.feed_eof()


@pytest.fixture
async def program():
    return ScriptedProgram()


async def received(link):
    return [item.message async for item in link.read]


async def test_messages_pass_and_noise_is_recorded(program, recorder, sink):
    program.stdout.feed_data(b'Starting\n\n{"jsonrpc":"2.0","id":1,"result":{}}\r\n\xff\xfe\n42\n')
    program.stdout.feed_data(b'{"jsonrpc":"2.0","id":2,"result":{}}')
    program.stdout.feed_eof()
    async with connect(program, recorder, output_limit=10_000) as link:
        messages = await received(link)
        assert link.closed.is_set()
    assert [message.id for message in messages] == [1, 2]
    assert [one.text for one in sink.of(TargetSaid)] == ["Starting\n", "\\xff\\xfe\n42\n"]


async def test_a_batch_is_taken_apart(program, recorder):
    program.stdout.feed_data(
        b'[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]\n'
    )
    program.stdout.feed_eof()
    async with connect(program, recorder, output_limit=10_000) as link:
        assert [message.id for message in await received(link)] == [1, 2]


@pytest.mark.parametrize(
    "line",
    [b"[" * 100_000, b'{"a":' * 50_000, b"[1,2]", b"[]", b"[[]]", b'"text"', b"\x00", b"{}"],
)
async def test_what_is_no_message_is_noise(program, recorder, sink, line):
    program.stdout.feed_data(line + b"\n" + b'{"jsonrpc":"2.0","id":1,"result":{}}\n')
    program.stdout.feed_eof()
    async with connect(program, recorder, output_limit=1_000_000) as link:
        assert [message.id for message in await received(link)] == [1]
    assert sink.of(TargetSaid)


async def test_a_line_beyond_the_limit_is_skipped(program, recorder, sink):
    program.stdout.feed_data(b"z" * 5000 + b'\n{"jsonrpc":"2.0","id":1,"result":{}}\n')
    program.stdout.feed_eof()
    async with connect(program, recorder, output_limit=100_000, line_limit=1000) as link:
        assert [message.id for message in await received(link)] == [1]
    assert "5000 bytes is beyond the limit" in sink.of(TargetSaid)[0].text


async def test_the_bound_of_output_ends_the_program(program, recorder, sink):
    program.stdout.feed_data(b"x" * 6000)
    program.stderr.feed_data(b"y" * 6000)
    async with connect(program, recorder, output_limit=10_000) as link:
        await program.killed.wait()
        await received(link)
    observed = sink.of(ResourceObserved)
    assert [(one.resource, one.limit) for one in observed] == [("output_bytes", 10_000.0)]


async def test_requests_are_recorded_with_their_answers(program, recorder, sink):
    program.stdout.feed_data(b'{"jsonrpc":"2.0","id":"a","method":"roots/list"}\n')
    program.stdout.feed_data(b'{"jsonrpc":"2.0","id":"b","method":"x/y","params":{"k":1}}\n')
    async with connect(program, recorder, output_limit=10_000) as link:
        first = await link.read.receive()
        assert first.message.method == "roots/list"
        answer = mcp_types.JSONRPCResponse(jsonrpc="2.0", id="a", result={"roots": []})
        await link.write.send(SessionMessage(answer))
        await link.read.receive()
        while not sink.of(TargetRequested):
            await anyio.sleep(0)
    recorded = [(one.method, one.params, one.answered) for one in sink.of(TargetRequested)]
    assert recorded == [("roots/list", "", '{"roots":[]}'), ("x/y", '{"k":1}', "")]
    assert program.stdin.data == b'{"jsonrpc":"2.0","id":"a","result":{"roots":[]}}\n'


async def test_a_flood_of_notifications_is_dropped_beyond_a_bound(program, recorder, sink):
    program.stdout.feed_data(b'{"jsonrpc":"2.0","method":"n"}\n' * (UNSOLICITED_LIMIT + 50))
    program.stdout.feed_eof()
    async with connect(program, recorder, output_limit=10_000_000) as link:
        assert len(await received(link)) == UNSOLICITED_LIMIT
    assert len(sink.of(TargetSaid)) <= 4000


async def test_a_closed_input_ends_the_messages(program, recorder):
    program.stdin.broken = True
    async with connect(program, recorder, output_limit=10_000) as link:
        request = mcp_types.JSONRPCRequest(jsonrpc="2.0", id=1, method="ping")
        await link.write.send(SessionMessage(request))
        with pytest.raises((anyio.EndOfStream, anyio.ClosedResourceError)):
            await link.read.receive()
        assert link.closed.is_set()


async def test_output_is_read_on_when_nobody_listens(program, recorder):
    async with connect(program, recorder, output_limit=10_000_000) as link:
        link.read.close()
        program.stdout.feed_data(b'{"jsonrpc":"2.0","id":1,"result":{}}\n' * 1000)
        program.stdout.feed_eof()
        await link.closed.wait()
