import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("\x1b[31mred", "␛[31mred"),
        ("a\rb\tc\x00", "a␍b␉c␀"),
        ("\x7f\x9b", "␡\\x9b"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164", "\\u3164"),
        ("a\ufe0f", "a\\ufe0f"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("é 漢 🙂", "é 漢 🙂"),
    ],
)
def test_what_is_obeyed_or_hidden_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(alphabet=st.characters()))
def test_no_text_keeps_a_character_that_is_obeyed(text: str) -> None:
    shown = visible(text)
    assert all(
        char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        for char in shown
    )
    assert "\n" not in visible(text, newlines=False)
    assert visible(shown) == shown
