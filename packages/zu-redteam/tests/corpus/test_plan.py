import base64
import pickletools
from urllib.parse import unquote

import pytest

from zu_core.contracts import Canary
from zu_core.events import ToolDescription
from zu_redteam.calls.places import Places
from zu_redteam.corpus import Setting, build_corpus, plan_attacks, plan_protocol
from zu_redteam.corpus.case import Applies, CorpusCase, Payload

CANARY = Canary(name="aws", path=".aws/credentials", content="k", secrets=("s3cr3t",))
SETTING = Setting(Places("/home/u/w", "/home/u"), (CANARY,), 1)
BY_ID = {case.id: case for case in build_corpus()}


def tool(*names, required=(), **properties):
    schema = {name: {"type": "string"} for name in names} | properties
    return ToolDescription(
        name="t", description="", definition="{}", digest="",
        input_schema={"type": "object", "properties": schema, "required": list(required)},
    )  # fmt: skip


EVERY = Applies()


def case(applies=EVERY, **fields):
    given = {
        "id": "a-b", "title": "T", "objective": "exfil", "classes": ("CWE-22",),
        "severity": "low", "advice": "a", "twin": "x", "payloads": (Payload(text="P{marker}"),),
    }  # fmt: skip
    return CorpusCase(applies=applies, **(given | fields))


def test_the_parameter_that_suits_comes_first_and_others_follow():
    made = plan_attacks(tool("text", "file_path"), [case(Applies(names="path"))], SETTING)
    assert [list(one.arguments) for one in made] == [["file_path"], ["text"]]


def test_a_case_for_some_parameters_only_leaves_out_the_others():
    made = plan_attacks(
        tool("text", "file_path"), [case(Applies(names="path", only=True))], SETTING
    )
    assert [list(one.arguments) for one in made] == [["file_path"]]


def test_description_and_format_count_too():
    described = tool(
        a={"type": "string", "description": "the address to open"},
        b={"type": "string", "format": "uri"},
        c={"type": "string"},
    )
    made = plan_attacks(described, [case(Applies(names="address|uri", only=True))], SETTING)
    assert {next(iter(one.arguments)) for one in made} == {"a", "b"}


def test_other_parameters_are_harmless():
    made = plan_attacks(tool("timezone", "query", required=("timezone",)), [case()], SETTING)
    by_slot = {("query" in one.arguments): one.arguments for one in made}
    assert by_slot[True]["timezone"] == "UTC"


def test_a_prefix_holds_every_case_before_any_comes_twice():
    made = plan_attacks(tool("path", "url", "query"), build_corpus(), SETTING)
    ids = [one.case for one in made]
    assert len(set(ids[: len(set(ids))])) == len(set(ids))


def test_numbers_take_numbers():
    made = plan_attacks(
        tool(n={"type": "integer"}, s={"type": "string"}), [BY_ID["size-number"]], SETTING
    )
    assert {type(next(iter(one.arguments.values()))) for one in made} <= {int, float}
    assert all("n" in one.arguments for one in made)


def test_encodings_come_back_to_the_text():
    payload = Payload(text="{climb}x", encode="url")
    made = plan_attacks(tool("path"), [case(payloads=(payload,))], SETTING)[0].arguments["path"]
    assert not set("./") & set(made)
    assert unquote(made) == "../" * 12 + "x"
    twice = Payload(text="{climb}x", encode="url-twice")
    made = plan_attacks(tool("path"), [case(payloads=(twice,))], SETTING)[0].arguments["path"]
    assert unquote(unquote(made)) == "../" * 12 + "x"


def test_the_pickle_is_one_and_calls_what_it_should():
    made = plan_attacks(tool("data"), [BY_ID["deserialize-pickle"]], SETTING)[0]
    raw = base64.b64decode(made.arguments["data"])
    steps = [(step.name, value) for step, value, _ in pickletools.genops(raw)]
    assert steps[0] == ("GLOBAL", "os system")
    assert any(name == "STRING" and "touch /tmp/" in value for name, value in steps)


def test_sizes_are_as_told():
    made = plan_attacks(tool("text"), [BY_ID["size-text"]], SETTING)[0]
    assert len(made.arguments["text"]) == 1 << 18
    nested = plan_attacks(tool("text"), [BY_ID["size-nesting"]], SETTING)[1].arguments["text"]
    depth = 0
    while isinstance(nested, list):
        nested, depth = nested[0], depth + 1
    assert depth == 64


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("empty", {}),
        ("missing", {}),
        ("nulls", {"s": None}),
        ("wrong-types", {"s": 12345}),
    ],
)
def test_shapes(change, expected):
    changed = case(delivery="shape", payloads=(Payload(change=change),))
    made = plan_attacks(tool("s", required=("s",)), [changed], SETTING)
    assert made[0].arguments == expected


def test_a_tool_without_parameters_is_attacked_by_shape_only():
    made = plan_attacks(tool(), build_corpus(), SETTING)
    assert {one.case for one in made} == {
        "malformed-types", "malformed-missing", "malformed-extra"
    }  # fmt: skip


def test_requests_that_break_the_protocol():
    made = plan_protocol(build_corpus(), SETTING, "t")
    assert {one.method for one in made} >= {"tools/call", "resources/read"}
    assert any(one.params == {"name": "t", "arguments": "not an object"} for one in made)


def test_a_payload_for_what_is_not_planted_is_left_out():
    bare = Setting(Places("/w"), (), 1)
    made = plan_attacks(tool("path"), [BY_ID["path-absolute"]], bare)
    assert made == ()
