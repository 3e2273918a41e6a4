import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from zu_cli.output import visible


@given(st.text(st.characters()))
def test_nothing_that_a_terminal_obeys_is_left(text):
    for character in visible(text):
        assert character == "\n" or not unicodedata.category(character).startswith("C")
    visible(text).encode("utf-8")


def test_escapes_are_shown():
    assert visible("a\x1b[31mb\r\n\u202ec\ud800") == "a\\x1b[31mb\\r\n\\u202ec\\ud800"
    assert visible("schön 漢字") == "schön 漢字"
