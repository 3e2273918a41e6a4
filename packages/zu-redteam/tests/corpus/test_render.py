import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.contracts import Canary
from zu_redteam.calls.places import Places
from zu_redteam.corpus.render import Missing, Renderer, unknown_placeholders
from zu_redteam.corpus.setting import Setting

CANARY = Canary(name="aws", path=".aws/credentials", content="k", secrets=("s3cr3t",))
SETTING = Setting(Places("/home/u/w/", "/home/u/"), (CANARY,), 1)


def test_placeholders_are_filled():
    made = Renderer(SETTING, ("a",), "word")
    assert made.text("{home}|{workspace}|{file}|{path}|{word}") == (
        "/home/u|/home/u/w|notes.txt|/home/u/w/notes.txt|word"
    )
    assert made.text("{head}{tail}") == made.marker
    assert made.text("{split}").replace("''", "") == made.marker
    assert made.marker not in made.text("{split}")
    assert int(made.text("{a}")) * int(made.text("{b}")) == int(made.text("{product}"))


def test_a_canary_is_found_by_name_and_by_path():
    made = Renderer(SETTING, ("a",))
    assert made.text("{canary_path:aws}") == "/home/u/.aws/credentials"
    assert made.text("{canary_secret:.aws/credentials}") == "s3cr3t"


@pytest.mark.parametrize("text", ["{canary_path:ssh}", "{canary_secret:ssh}"])
def test_what_is_not_planted_is_missing(text):
    with pytest.raises(Missing):
        Renderer(SETTING, ("a",)).text(text)


def test_an_unknown_home_is_missing():
    for text in ("{home}/x", "{canary_path:aws}"):
        with pytest.raises(Missing):
            Renderer(Setting(Places("/w"), (CANARY,)), ("a",)).text(text)


@pytest.mark.parametrize("text", ["{{7*7}}", "${x}", "#{y}", "{% if z %}", "{}", "{ marker }"])
def test_other_braces_are_left(text):
    assert Renderer(SETTING, ("a",)).text(text) == text


@given(st.text())
def test_text_without_placeholders_is_left(text):
    if "{" not in text:
        assert Renderer(SETTING, ("a",)).text(text) == text


def test_unknown_names_are_told():
    assert unknown_placeholders("{marker} {makrer} {canary_path:x} {canary:x} {canary_path}") == (
        "makrer", "canary", "canary_path",
    )  # fmt: skip


def test_calls_have_markers_of_their_own():
    assert Renderer(SETTING, ("a", 1)).marker != Renderer(SETTING, ("a", 2)).marker
    assert Renderer(SETTING, ("a", 1)).marker == Renderer(SETTING, ("a", 1)).marker
    other = Setting(SETTING.places, SETTING.canaries, 2)
    assert Renderer(other, ("a", 1)).marker != Renderer(SETTING, ("a", 1)).marker
