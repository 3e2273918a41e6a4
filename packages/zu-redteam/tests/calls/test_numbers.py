from hypothesis import given
from hypothesis import strategies as st

from zu_redteam.calls.numbers import integer, number

BOUNDS = st.integers(-50, 50) | st.floats(-50, 50)


@given(st.integers(-60, 60), BOUNDS, st.booleans(), st.integers(1, 9), st.integers(0, 20))
def test_an_integer_keeps_bounds_and_step(wanted, low, is_open, step, room):
    schema = {
        "exclusiveMinimum" if is_open else "minimum": low,
        "maximum": low + step + room + 1,
        "multipleOf": step,
    }
    value = integer(schema, wanted)
    assert isinstance(value, int)
    assert value % step == 0
    assert low < value if is_open else low <= value
    assert value <= low + step + room + 1


@given(st.floats(-60, 60), BOUNDS, st.floats(0.1, 20))
def test_a_number_lies_strictly_between_open_bounds(wanted, low, room):
    value = number({"exclusiveMinimum": low, "exclusiveMaximum": low + room}, wanted)
    assert low < value < low + room


def test_what_is_wanted_is_taken_where_it_fits():
    assert integer({"minimum": 1, "maximum": 9}, 5) == 5
    assert number({}, 5) == 5.0
    assert number({"multipleOf": 0.5}, 5) == 5.0
    assert number({"exclusiveMaximum": 1, "multipleOf": 1}, 3) == 0.0


def test_large_integers_are_exact():
    assert integer({"minimum": 2**53 + 1}, 2) == 2**53 + 1
    assert integer({"minimum": 10**400}, 2) == 2
