from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.verify.entries import ChainCheck, preimage, read_preimage
from zu_backends.verify.findings import LogBroken

ROW = (
    1, b"t", 1, b"e", None, b"k", b"harness.x", 0, b"s", b"json1", b"{}", bytes(32), bytes(32),
)  # fmt: skip


def test_the_bytes_are_those_of_the_page():
    wanted = "60217e9db056f294a0faadb4d0dd732f5bf12c38329adf17e92c45b567bc9aa0"
    assert sha256(preimage(ROW)).hexdigest() == wanted


@given(st.binary(max_size=9), st.none() | st.just(b"") | st.just(b"p"), st.integers(-9, 9))
def test_bytes_read_back(payload, parent, ts):
    row = (0, *ROW[1:4], parent, *ROW[5:7], ts, *ROW[8:10], payload, ROW[11])
    data = preimage((*row, b""))
    assert read_preimage(data) == (*row, sha256(data).digest())


@pytest.mark.parametrize(
    "data",
    [b"", preimage(ROW)[:-1], preimage(ROW) + b"x", b"x" + preimage(ROW)[1:], preimage(ROW)[:104]],
)
def test_what_is_no_entry_is_refused(data):
    with pytest.raises(LogBroken):
        read_preimage(data)


@pytest.mark.parametrize("field", range(1, 12))
def test_a_field_of_another_type_is_a_break(field):
    row = list(ROW)
    row[12] = sha256(preimage(ROW)).digest()
    assert ChainCheck().add([tuple(row)]) == [row[12]]
    row[field] = 1.5
    with pytest.raises(LogBroken):
        ChainCheck().add([tuple(row)])


def test_a_text_that_is_no_utf_8_is_a_break():
    row = list(ROW)
    row[8] = b"\xff"
    row[12] = sha256(preimage(tuple(row))).digest()
    with pytest.raises(LogBroken, match="no UTF-8"):
        ChainCheck().add([tuple(row)])
