import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from zu_redteam.jsonable import canonical, digest, recordable

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(ANY)
def test_what_is_recordable_can_be_stored(value):
    msgspec.json.encode(recordable(value))


def test_numbers_that_the_record_has_no_place_for():
    assert recordable([1 << 70, math.inf, -1, True]) == [str(1 << 70), "inf", -1, True]
    assert isinstance(recordable(10**9999), str)


def test_depth_is_bounded():
    value = []
    for _ in range(5000):
        value = [value]
    msgspec.json.encode(recordable(value))


def test_long_text_is_cut_with_length_and_digest():
    cut = recordable("a" * 50, text_limit=10)
    assert cut.startswith("aaaaaaaaaa… [50 characters, SHA-256 ")
    assert digest("a" * 50) in cut


def test_equal_values_have_equal_text():
    assert canonical({"b": 1, "a": [2]}) == canonical({"a": [2], "b": 1}) == '{"a":[2],"b":1}'
