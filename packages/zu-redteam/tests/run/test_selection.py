from dataclasses import replace

import pytest

from zu_core.errors import ConfigError
from zu_core.events import ToolDescription
from zu_redteam.calls.places import Places
from zu_redteam.corpus import Setting, build_corpus
from zu_redteam.run.options import GateOptions
from zu_redteam.run.selection import choose_cases, select

SETTING = Setting(Places("/w", "/home/u"), (), 5)
CASES = build_corpus()


def tool(name, *parameters):
    schema = {"properties": {one: {"type": "string"} for one in parameters}}
    return ToolDescription(
        name=name, description="", input_schema=schema, definition="{}", digest=""
    )


def test_the_same_seed_makes_the_same_calls_and_another_does_not():
    tools = [tool("a", "text", "path"), tool("b", "url")]
    first, second = (select(tools, CASES, SETTING, GateOptions()) for _ in range(2))
    assert first == second
    other = select(tools, CASES, replace(SETTING, seed=6), GateOptions())
    assert [one.marker for one in other.attacks] != [one.marker for one in first.attacks]


def test_budgets_bound_the_attacks_and_the_note_tells_it():
    tools = [tool(f"t{n}", "a", "b", "c", "path", "url") for n in range(20)]
    options = GateOptions(attacks_per_tool=30, attacks=200)
    made = select(tools, CASES, SETTING, options)
    assert len(made.attacks) == 200
    assert "200 calls of" in made.note
    assert {one.tool for one in made.attacks} >= {one.name for one in tools}


def test_every_tool_is_called_often_enough_to_change():
    made = select([tool("none"), tool("one", "x")], CASES, SETTING, GateOptions())
    for name in ("none", "one"):
        calls = sum(tool == name for tool, _ in made.harmless)
        calls += sum(attack.tool == name for attack in made.attacks)
        assert calls >= 13


def test_top_up_is_bounded():
    tools = [tool(f"t{n}") for n in range(100)]
    made = select(tools, CASES, SETTING, GateOptions(top_up=20))
    assert len(made.harmless) <= 100 * 3 + 20


def test_attacks_on_resources_come_last():
    made = select([tool("a", "text", "path")], CASES, SETTING, GateOptions())
    heavy = [case.id for case in CASES if case.objective == "dos"]
    flags = [attack.case in heavy for attack in made.attacks]
    assert flags == sorted(flags)
    assert any(flags)


def test_chosen_cases():
    assert len(choose_cases(CASES, frozenset())) == len(CASES)
    assert [one.id for one in choose_cases(CASES, frozenset({"sql-attach"}))] == ["sql-attach"]
    with pytest.raises(ConfigError, match="did you mean sql-attach"):
        choose_cases(CASES, frozenset({"sql-atach"}))


def test_tools_that_write_come_after_those_that_read():
    tools = [tool("save_file", "path"), tool("read_file", "path"), tool("deleteAll", "path")]
    made = select(tools, CASES, SETTING, GateOptions(attacks_per_tool=5))
    order = [one.tool for one in made.attacks if one.tool.endswith(("file", "All"))]
    light = [name for name in order if name == "read_file"]
    assert order[: len(light)] == light
