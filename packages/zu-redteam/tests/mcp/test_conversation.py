import pytest

from zu_core.errors import ProtocolError, Unavailable
from zu_core.events import TargetRequested
from zu_redteam.mcp.conversation import CouldNotRun, converse
from zu_redteam.mcp.patience import Patience

PATIENCE = Patience(discover=1.0, start=3.0, call=1.0)


@pytest.fixture
def talk(launch, recorder):
    async def start(behaviour, **options):
        program = await launch(behaviour)
        return converse(program, recorder, PATIENCE, **({"output_limit": 8 << 20} | options))

    return start


async def test_a_call_brings_its_answer(talk):
    async with await talk("old") as conversation:
        answer = await conversation.call("echo", {"text": "hi"}, 1.0)
    assert (answer.outcome, answer.body["content"][0]["text"]) == ("result", "hi")


async def test_errors_of_tool_and_protocol_are_different(talk):
    async with await talk("fails") as conversation:
        assert (await conversation.call("echo", {}, 1.0)).outcome == "tool-error"
        answer = await conversation.call("nothing", {}, 1.0)
        assert (answer.outcome, answer.body["code"]) == ("protocol-error", -32602)


async def test_no_answer_is_a_timeout_and_the_conversation_goes_on(talk):
    async with await talk("deaf-in-call") as conversation:
        answer = await conversation.call("echo", {}, 0.1)
        assert (answer.outcome, answer.body) == ("timeout", None)
        assert (await conversation.request("ping", {}, 1.0)).outcome == "result"


@pytest.mark.parametrize("place", ["first", "last"])
async def test_an_answer_that_is_too_long_is_an_answer(talk, place):
    async with await talk(f"long-answer-{place}", output_limit=64 << 20) as conversation:
        answer = await conversation.call("echo", {"text": "x"}, 10.0)
        assert (answer.outcome, answer.body) == ("result", None)
        assert answer.oversize > 16 << 20
        assert answer.elapsed_ms < 9000
        assert (await conversation.call("echo", {"text": "short"}, 2.0)).outcome == "result"


async def test_a_target_answers_a_ping_or_nothing(talk):
    async with await talk("deaf-in-call") as conversation:
        assert await conversation.answers(1.0)
    async with await talk("hangs-in-call") as conversation:
        await conversation.call("echo", {"text": "x" * 200_000}, 0.1)
        assert not await conversation.answers(0.1)


async def test_a_target_that_ends_in_a_call_has_closed(talk):
    async with await talk("exits-always") as conversation:
        assert (await conversation.call("echo", {}, 2.0)).outcome == "closed"
        assert conversation.closed
        assert (await conversation.call("echo", {}, 2.0)).outcome == "closed"


async def test_tools_are_listed_from_all_pages(talk):
    async with await talk("pages") as conversation:
        tools = await conversation.list_tools(1.0)
    assert [tool.name for tool in tools] == ["echo-first", "echo-second"]
    assert tools[0].digest != tools[1].digest
    assert '"inputSchema"' in tools[0].definition


async def test_a_list_without_names_is_no_list(talk):
    async with await talk("nameless") as conversation:
        with pytest.raises(ProtocolError, match="without a name"):
            await conversation.list_tools(1.0)


async def test_a_list_that_does_not_come_is_unavailable(talk):
    async with await talk("exits-always") as conversation:
        await conversation.call("echo", {}, 2.0)
        with pytest.raises(Unavailable, match="closed"):
            await conversation.list_tools(1.0)


async def test_the_newer_protocol_is_spoken_with_its_envelope(talk, sink):
    async with await talk("modern.py") as conversation:
        assert conversation.protocol == "2026-07-28"
        assert conversation.server == "modern 2"
        assert conversation.instructions == "be nice"
        assert [tool.name for tool in await conversation.list_tools(1.0)] == ["ask"]
        answer = await conversation.call("ask", {}, 1.0)
    assert '{"a": {"action": "decline"}}, "s1"' in answer.body["content"][0]["text"]
    asked = sink.of(TargetRequested)[0]
    assert (asked.method, asked.answered) == ("elicitation/create", '{"action":"decline"}')


async def test_a_newer_server_is_found_by_its_answer_to_the_handshake(talk):
    async with await talk("modern.py", discover=False) as conversation:
        assert conversation.protocol == "2026-07-28"


async def test_a_server_of_the_sdk_answers(talk):
    async with await talk("sdk.py") as conversation:
        answer = await conversation.call("add", {"a": 2, "b": 3}, 5.0)
    assert answer.body["content"][0]["text"] == "5"


async def test_a_dead_target_could_not_run_and_says_its_last_words(talk):
    with pytest.raises(CouldNotRun, match=r"(?s)could not run.*no such option") as caught:
        async with await talk("dies"):
            raise AssertionError
    assert caught.value.closed


async def test_an_error_of_the_caller_comes_out_as_it_is(talk):
    with pytest.raises(KeyError, match="mine"):
        async with await talk("old"):
            raise KeyError("mine")
