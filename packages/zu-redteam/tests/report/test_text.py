from hypothesis import given
from hypothesis import strategies as st

from zu_redteam.report.text import cut, line


@given(st.text(), st.integers(0, 20))
def test_cut_text_says_how_much_is_gone(text: str, limit: int) -> None:
    shown = cut(text, limit)
    if len(text) <= limit:
        assert shown == text
    else:
        assert shown.startswith(text[:limit])
        assert f"[{len(text) - limit} more characters" in shown


def test_a_line_is_one_line() -> None:
    assert line("a\nb\x1b", 10) == "a␊b␛"
    assert "\n" not in line("x\n" * 5000)
    assert len(line("x" * 5000)) < 500
