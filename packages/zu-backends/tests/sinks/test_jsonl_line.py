import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.sinks.jsonl_line import Line, decode_line, encode_line
from zu_core.chain import ChainError, Entry, link

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
json_blobs = st.dictionaries(texts, st.integers() | texts, max_size=3).map(msgspec.json.encode)


def line_of(entry, more):
    return Line(entry, link(None, entry), more)


def lines(codecs, payloads):
    entries = st.builds(
        Entry,
        trace_id=texts,
        event_id=texts,
        parent_id=st.none() | texts,
        task_id=texts,
        type=texts,
        ts=st.integers(-(2**63), 2**63 - 1),
        source=texts,
        codec=codecs,
        payload=payloads,
    )
    return st.builds(line_of, entries, st.integers(0, 3))


any_line = lines(st.sampled_from(["json1", "json"]), json_blobs) | lines(
    st.sampled_from(["aes1", "x"]), st.binary()
)


@given(any_line)
def test_a_line_comes_back_as_it_was(line):
    data = encode_line(line)
    assert data.count(b"\n") == 1
    assert data.endswith(b"}\n")
    assert decode_line(data, 1) == line


@given(any_line, st.data())
def test_no_other_bytes_say_the_same(line, data):
    """Whatever is changed in a line, it is either no line or says something else."""
    good = encode_line(line)
    at = data.draw(st.integers(0, len(good) - 1))
    drop = data.draw(st.integers(0, 2))
    bad = good[:at] + data.draw(st.binary(max_size=2)) + good[at + drop :]
    try:
        found = decode_line(bad, 1)
    except ChainError:
        return
    assert (found == line) == (bad == good)


ENTRY = Entry(
    trace_id="t", event_id="e", parent_id=None, task_id="k", type="harness.x", ts=0, source="é",
    codec="json1", payload=b'{"a":1}',
)  # fmt: skip
GOOD = encode_line(line_of(ENTRY, 0))


@pytest.mark.parametrize(
    "bad",
    [
        GOOD.replace(b'"source":', b'"source":"x","source":'),
        GOOD.replace(b',"task_id"', b', "task_id"'),
        GOOD.replace("é".encode(), b"\\u00e9"),
        GOOD.replace(b"harness.x", b"harness\\u002ex"),
        GOOD.replace(b"harness.x", b"harness.\\/x"),
        GOOD.replace(b'"ts":0', b'"ts":-0'),
        GOOD.replace(b'"ts":0', b'"ts":0.0'),
        GOOD.replace(b'"seq":1', b'"seq":true'),
        GOOD.replace(b'"size":7', b'"size":8'),
        GOOD.replace(b'{"a":1}', b' {"a":1}'),
        GOOD.replace(b'"payload":{"a":1}', b'"blob":"eyJhIjoxfQ=="'),
        GOOD.replace(b'"payload"', b'"blob":"","payload"'),
        GOOD.replace(b"}\n", b',"extra":1}\n'),
        json.dumps(dict(reversed(json.loads(GOOD).items())), separators=(",", ":")).encode()
        + b"\n",
        GOOD[:-1],
        GOOD + GOOD,
        b"\n",
        b"[" * 5000 + b"\n",
    ],
)
def test_another_spelling_is_a_break(bad):
    with pytest.raises(ChainError, match="position 3, edited"):
        decode_line(bad, 3)


def test_hexadecimal_digits_are_lower_case():
    upper = GOOD.replace(
        json.loads(GOOD)["hash"].encode(), json.loads(GOOD)["hash"].upper().encode()
    )
    assert upper != GOOD
    with pytest.raises(ChainError):
        decode_line(upper, 1)
