import base64

from hypothesis import given
from hypothesis import strategies as st

from zu_redteam.verdict.disclosure.encodings import forms, reduce_text


def test_reduction_keeps_letters_and_digits_in_lower_case() -> None:
    assert reduce_text("Ab-9_Z. \u200b\n+/=%".encode()) == b"ab9z"


def test_forms_are_all_different() -> None:
    texts = [form.text for form in forms(b"wJ7rXUtnFEMIK7MDENGb")]
    assert len(texts) == len(set(texts))


@given(st.binary(min_size=1, max_size=40))
def test_places_lead_back_into_the_secret(secret: bytes) -> None:
    for form in forms(secret):
        assert len(form.places) == len(form.text)
        assert all(0 <= place < len(secret) for place in form.places)
        assert form.span(0, len(form.text)) == (0, len(secret))


@given(st.binary(min_size=12, max_size=40), st.binary(max_size=6), st.binary(max_size=6))
def test_the_forms_of_base64_stand_in_the_encoded_text(
    secret: bytes, before: bytes, after: bytes
) -> None:
    found = {form.text for form in forms(secret)}
    text = reduce_text(base64.b64encode(before + secret + after))
    assert any(form in text for form in found)
