"""The scripted provider plays its script and nothing else."""

import pytest

from zu_core.errors import ConfigError, Unavailable
from zu_core.ports import Message, ModelProvider, ModelRequest, ModelResponse, ToolCall
from zu_providers import ScriptedProvider

REQUEST = ModelRequest(messages=(Message(role="user", content="go"),))


async def test_it_answers_in_the_order_of_the_script_and_keeps_what_it_was_asked():
    moves = [
        ModelResponse(tool_calls=(ToolCall(id="1", name="t", arguments={"a": 1}),)),
        ModelResponse(text="done"),
    ]
    provider = ScriptedProvider(moves)
    assert isinstance(provider, ModelProvider)
    assert [await provider.complete(REQUEST), await provider.complete(REQUEST)] == moves
    assert provider.requests == [REQUEST, REQUEST]


async def test_a_script_that_is_too_short_is_an_error_and_no_invented_move():
    with pytest.raises(Unavailable, match="0 moves"):
        await ScriptedProvider([]).complete(REQUEST)


async def test_moves_are_read_from_json():
    provider = ScriptedProvider.from_json(
        '[{"tool_calls": [{"id": "1", "name": "t", "arguments": {}}]}, {"text": "x"}]'
    )
    assert (await provider.complete(REQUEST)).tool_calls[0].name == "t"
    assert (await provider.complete(REQUEST)).text == "x"


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '[{"text": 1}]', b"\xff", '[{"tool_calls": [{}]}]']
)
def test_what_is_no_script_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match="array of moves"):
        ScriptedProvider.from_json(text)
