import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zu_core.codec import MAX_DEPTH, MAX_INT_BITS, Codecs, JsonCodec, check_json
from zu_core.errors import ConfigError, ProtocolError, Unavailable

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
odd = st.binary() | st.tuples(st.integers()) | st.just("\ud800") | st.complex_numbers()
keys = st.text() | st.integers()


def nested(leaves, keys):
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20
    )


anything = st.dictionaries(keys, nested(scalars | odd, keys), max_size=4)
codec = JsonCodec()


def same(one, two):
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, float):
        return math.copysign(1, one) == math.copysign(1, two) and one == two
    return one == two


@given(anything)
@example({"a": -0.0, "b": 1.0, "c": True, "d": 2**64, "e": -(2**63) - 1})
def test_what_is_accepted_reads_back_equal_type_for_type(payload):
    try:
        blob = codec.encode(payload)
    except ConfigError:
        return
    assert same(codec.decode(blob), payload)


@given(st.dictionaries(st.text(), nested(scalars, st.text()), max_size=4))
def test_all_that_json_has_is_accepted(payload):
    try:
        text = json.dumps(payload, allow_nan=False)
        text.encode()
        json.dumps(payload, ensure_ascii=False).encode()
    except ValueError:
        with pytest.raises(ConfigError):
            codec.encode(payload)
    else:
        assert same(codec.decode(codec.encode(payload)), payload)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers()))
def test_equal_payloads_have_equal_blobs(payload):
    turned = dict(reversed(list(payload.items())))
    assert codec.encode(payload) == codec.encode(turned)


def test_blobs_are_json_that_others_read():
    payload = {"b": [1.5, None, True], "a": {"é": "\0\n𝄞"}}
    blob = codec.encode(payload)
    assert blob == '{"a":{"é":"\\u0000\\n𝄞"},"b":[1.5,null,true]}'.encode()
    assert json.loads(blob) == payload


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"a": [0, {"b": float("nan")}]}, r"payload\['a'\]\[1\]\['b'\] is nan"),
        ({"a": -math.inf}, "is -inf"),
        ({"a": (1,)}, "is a tuple"),
        ({"a": b""}, "is a bytes"),
        ({"a": {1: 2}}, r"payload\['a'\]\[1\] is a key that is no text"),
        ({"a": 1 << MAX_INT_BITS}, "bits"),
        ({"a": -(1 << MAX_INT_BITS)}, "bits"),
        ({"\ud800": 1}, "UTF-8"),
        ([], "a payload is a dict"),
        ({"a": type("Text", (str,), {})("x")}, "is a Text"),
        ({"a": type("Number", (int,), {})(1)}, "is a Number"),
    ],
)
def test_a_refusal_names_the_place(payload, words):
    with pytest.raises(ConfigError, match=words):
        codec.encode(payload)


def test_depth_is_bounded_on_both_sides():
    def deep(levels):
        value = {}
        for _ in range(levels - 1):
            value = {"a": value}
        return value

    assert codec.decode(codec.encode(deep(MAX_DEPTH))) == deep(MAX_DEPTH)
    with pytest.raises(ConfigError, match="deeper than 128"):
        codec.encode(deep(MAX_DEPTH + 1))
    endless = {}
    endless["a"] = endless
    with pytest.raises(ConfigError, match="deeper"):
        check_json(endless)


def test_the_largest_integers_read_back():
    for value in ((1 << MAX_INT_BITS) - 1, -((1 << MAX_INT_BITS) - 1)):
        assert codec.decode(codec.encode({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    "blob", [b"", b"[]", b"{", b"null", b'{"a":1}x', b'{"\xff":1}', b"[" * 5000]
)
def test_a_blob_that_is_none_is_a_protocol_error(blob):
    with pytest.raises(ProtocolError, match="'e1' is no JSON"):
        codec.decode(blob, event_id="e1")


class Shout:
    def __init__(self, tag="shout1"):
        self.tag = tag

    def encode(self, payload, /, *, trace_id, event_id):
        return f"{trace_id}/{event_id}!{json.dumps(payload)}".encode()

    def decode(self, blob, /, *, trace_id, event_id):
        ids, _, text = blob.decode().partition("!")
        if ids != f"{trace_id}/{event_id}":
            raise ProtocolError("of another row")
        return json.loads(text)


def test_logs_of_mixed_codecs_read_back():
    old, new = Codecs(), Codecs(Shout())
    row = {"trace_id": "t", "event_id": "e"}
    blobs = [old.encode({"a": 1}, **row), new.encode({"a": 2}, **row)]
    assert [tag for tag, _ in blobs] == ["json1", "shout1"]
    assert [new.decode(tag, blob, **row) for tag, blob in blobs] == [{"a": 1}, {"a": 2}]
    assert Codecs(None, Shout()).decode(*blobs[1], **row) == {"a": 2}


def test_a_codec_sees_the_row_that_its_blob_is_of():
    codecs = Codecs(Shout())
    tag, blob = codecs.encode({}, trace_id="t", event_id="e")
    with pytest.raises(ProtocolError):
        codecs.decode(tag, blob, trace_id="t", event_id="f")


def test_an_unknown_tag_says_what_is_known():
    with pytest.raises(Unavailable, match=r"'aes9'.*known here: json1, shout1"):
        Codecs(Shout()).decode("aes9", b"", trace_id="t", event_id="e")


def test_tags_are_names_and_unique():
    with pytest.raises(ConfigError, match="two codecs"):
        Codecs(Shout(), Shout())
    for tag in ("", "A", "a b", "a\n", "x" * 33):
        with pytest.raises(ConfigError, match="codec tag"):
            Codecs(Shout(tag))
