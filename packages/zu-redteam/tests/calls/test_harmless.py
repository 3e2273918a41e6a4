from zu_core.events import ToolDescription
from zu_redteam.calls.harmless import harmless_calls
from zu_redteam.calls.places import Places


def tool(schema):
    return ToolDescription(
        name="t", description="", input_schema=schema, definition="{}", digest=""
    )


def test_calls_differ_and_the_first_holds_only_what_is_required():
    calls = harmless_calls(
        tool({"properties": {"timezone": {"type": "string"}, "short": {"type": "boolean"}},
              "required": ["timezone"]}),
        Places("/w"),
    )  # fmt: skip
    assert calls[0] == {"timezone": "UTC"}
    assert len(calls) == 3
    assert len({str(one) for one in calls}) == 3


def test_a_tool_without_parameters_gets_one_call():
    assert harmless_calls(tool({}), Places("/w")) == ({},)


def test_the_same_seed_gives_the_same_calls():
    schema = {"properties": {"city": {"type": "string"}}, "required": ["city"]}
    first, second = (harmless_calls(tool(schema), Places("/w"), seed=5) for _ in range(2))
    assert first == second
