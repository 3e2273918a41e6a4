import json

from hypothesis import given
from hypothesis import strategies as st

from zu_redteam.verdict.disclosure.texts import forms_of


def test_the_text_itself_comes_first() -> None:
    assert forms_of("plain") == (b"plain",)
    assert forms_of(b"\xff\x00")[0] == b"\xff\x00"


def test_percent_escapes_are_decoded() -> None:
    assert b"a/b" in forms_of("a%2Fb")


def test_marks_of_hex_are_taken_away() -> None:
    assert b"41, 57" in forms_of("0x41, 0x57")
    assert b"4157" in forms_of("\\x41\\x57")
    assert b"4157" in forms_of("\\u0041\\u0057")
    assert b"4157" in forms_of("%2541%2557")


def test_strings_of_json_are_decoded_and_joined() -> None:
    text = json.dumps({"content": [{"text": "a\nb\u00e9"}], "n": 12})
    joined = forms_of(text)[-1].decode()
    assert "a\nb\u00e9" in joined
    assert "12" in joined


def test_escapes_of_cut_json_are_decoded() -> None:
    assert b'{"text":"a b' in forms_of('{"text":"a\\nb')


def test_full_width_letters_are_letters() -> None:
    assert "AKIA" in forms_of("\uff21\uff2b\uff29\uff21")[1].decode()


def test_deep_json_is_text() -> None:
    assert forms_of("[" * 5000 + '"\\n"' + "]" * 5000)


@given(st.text())
def test_every_text_has_a_form(text: str) -> None:
    assert forms_of(text)[0] == text.encode("utf-8", "replace")


def test_lone_surrogates_are_no_error() -> None:
    assert forms_of("\ud800 \\n")
