"""One structural test over every case: what is claimed holds for all of them."""

import re

import pytest

from zu_core.contracts import Canary
from zu_core.errors import ConfigError
from zu_core.events import ToolDescription
from zu_redteam.calls.places import Places
from zu_redteam.corpus import (
    CORPUS_OBJECTIVES,
    OBJECTIVES,
    Setting,
    build_corpus,
    plan_attacks,
    plan_protocol,
)
from zu_redteam.corpus.loader import parse_family
from zu_redteam.jsonable import canonical

CANARIES = tuple(
    Canary(name=path, path=path, content=f"secret{n}Q8x", secrets=(f"secret{n}Q8x",))
    for n, path in enumerate((".aws/credentials", ".ssh/id_rsa", ".config/gh/hosts.yml"))
)
SETTING = Setting(Places("/home/box/workspace", "/home/box"), CANARIES, seed=11)
NAMES = (
    "path", "url", "query", "sql", "expression", "command", "data", "yaml", "xml", "text",
    "template", "pattern", "repo_path", "branch", "host", "filename",
)  # fmt: skip
TOOL = ToolDescription(
    name="everything",
    description="",
    definition="{}",
    digest="",
    input_schema={
        "type": "object",
        "properties": {name: {"type": "string"} for name in NAMES} | {"n": {"type": "integer"}},
        "required": ["path"],
    },
)
CASES = build_corpus()


def attacks_of(case):
    if case.delivery == "protocol":
        return plan_protocol([case], SETTING, TOOL.name)
    return plan_attacks(TOOL, [case], SETTING)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def test_all_objectives_have_a_case():
    assert frozenset(OBJECTIVES) == CORPUS_OBJECTIVES
    assert len(CASES) >= 25


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
class TestEveryCase:
    def test_it_becomes_calls_with_every_payload(self, case):
        attacks = attacks_of(case)
        assert len(attacks) >= len(case.payloads)
        assert {attack.case for attack in attacks} == {case.id}
        assert len({attack.marker for attack in attacks}) == len(attacks)

    def test_no_placeholder_is_left(self, case):
        for attack in attacks_of(case):
            text = canonical([attack.arguments, attack.params])
            assert not re.search(
                r"\{(marker|head|tail|split|product|home|workspace|file|path|climb|word|canary_)",
                text,
            )

    def test_an_echo_of_its_input_meets_no_expectation(self, case):
        for attack in attacks_of(case):
            sent = list(strings([attack.arguments, attack.params]))
            for expected in attack.expects:
                assert expected.contains, case.id
                if expected.whole:
                    # A host is always in the text that asks for it; a path is not.
                    echoed = expected.kind != "egress" and expected.contains in sent
                else:
                    echoed = any(expected.contains in one for one in sent)
                    echoed |= expected.contains in canonical([attack.arguments, attack.params])
                assert not echoed, (case.id, expected)

    def test_what_it_expects_in_text_is_whole_where_a_program_may_get_the_payload(self, case):
        for expected in case.expects:
            if expected.kind in ("egress", "file"):
                assert expected.whole, "a quoted payload would meet it"

    def test_expectations_are_of_this_call_only_or_name_a_place(self, case):
        for expected in case.expects:
            if expected.kind in ("exec", "file"):
                assert "{marker}" in expected.contains

    def test_its_words_are_for_people(self, case):
        assert case.title[0].isupper() or case.title.startswith("A ")
        assert not case.title.endswith(".")
        assert case.advice
        assert case.twin is not None

    def test_it_has_no_lone_surrogates(self, case):
        for attack in attacks_of(case):
            canonical([attack.arguments, attack.params]).encode()


def test_ids_are_stable_names():
    assert len({case.id for case in CASES}) == len(CASES)


CASE = """
[[case]]
id = "a-b"
title = "T"
objective = "exfil"
classes = ["CWE-22"]
severity = "high"
advice = "a"
twin = "x"
payloads = [{ text = "p" }]
"""


def test_a_case_is_read():
    assert parse_family(CASE, "x.toml")[0].id == "a-b"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"exfil"', '"theft"'), "objective 'theft' is none of"),
        (('"high"', '"huge"'), r"Invalid enum value 'huge' - at `\$.case\[0\].severity`"),
        (("CWE-22", "OWASP"), "class 'OWASP' is not known"),
        (("a-b", "A b"), "the id is not of the form"),
        (('text = "p"', ""), "payload 1 does not give exactly one thing to send"),
        (('text = "p"', 'text = "p", nest = 3'), "payload 1 does not give exactly one"),
        (('text = "p"', "nest = 300"), "nests deeper than 64"),
        (('[{ text = "p" }]', "[]"), "at least one payload"),
        (('twin = "x"', 'twin = "x"\nsurprise = 1'), "unknown field `surprise`"),
        (('twin = "x"', ""), "missing required field `twin`"),
        (('twin = "x"', 'twin = "x"\napplies = { names = "(" }'), "no regular expression"),
        (
            ('twin = "x"', 'twin = "x"\nexpects = [{ kind = "file", contains = "{makrer}" }]'),
            r"unknown \{makrer\}",
        ),
        (("[[case]]", "[[case"), "x.toml"),
    ],
)
def test_a_mistake_is_told_with_file_and_place(change, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse_family(CASE.replace(*change), "x.toml")
    assert "x.toml" in str(caught.value)
