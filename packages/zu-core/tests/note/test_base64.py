import base64 as library

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.note import base64


@given(st.binary(max_size=80))
def test_bytes_have_the_usual_spelling(data):
    assert base64.encode(data) == library.b64encode(data).decode()
    assert base64.decode(base64.encode(data)) == data


@given(st.text(alphabet="AQgwx/+=- \n_é", max_size=9))
def test_what_is_accepted_has_one_spelling(text):
    try:
        data = base64.decode(text)
    except ValueError:
        return
    assert base64.encode(data) == text


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "AB==", "AAB=", "AA==\n", " AA==", "A-==", "AA===", "é"]
)
def test_other_spellings_are_refused(text):
    with pytest.raises(ValueError, match=r"."):
        base64.decode(text)
