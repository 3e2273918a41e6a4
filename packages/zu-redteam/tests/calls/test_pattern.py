import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_redteam.calls.pattern import text_for

SIMPLE = [
    r"^[a-z]{3,5}$", r"^\d{4}-\d{2}-\d{2}$", r"^(foo|bar)baz?$", r"^[A-Z][a-z]+(?: [A-Z][a-z]+)*$",
    r"^#[0-9a-fA-F]{6}$", r"^https?:\/\/[^\s]+$", r"^[\w.+-]+@[\w-]+\.[\w.]+$", r"^[^a-z]+$",
    r"^\S+$", r"^a{0}b$", r"^$", r"^x|y$", r"^[\-\]]+$", r"^\w\W\d\D$", r"^v\d+(\.\d+){2}$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", SIMPLE)
@pytest.mark.parametrize("variant", [0, 1, 2])
def test_a_text_matches_its_pattern(pattern, variant):
    text = text_for(pattern, variant)
    assert text is not None
    assert re.search(pattern, text), (pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [r"(?=a)b", r"(a)\1", r"\p{L}", r"(", r"[a", r"a{9999}", r"*a", r"a)", r"(?<!x)", "\\"],
)
def test_what_is_not_simple_gives_no_text(pattern):
    assert text_for(pattern) is None


def test_a_hostile_pattern_costs_nothing():
    began = time.monotonic()
    text_for("(" * 10_000)
    text_for("(a{200}){200}" * 50)
    text_for("(((((a{200}){200}){200}){200}){200})")
    assert time.monotonic() - began < 1.0


@given(st.text(alphabet="ab()[]{}|*+?^$\\d-,1", max_size=12))
def test_any_text_is_a_pattern_or_none(pattern):
    text = text_for(pattern)
    assert text is None or len(text) <= len(pattern) * 4096
