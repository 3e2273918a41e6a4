import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.jsonl_line import Line, encode_line
from zu_backends.verify.findings import LogBroken
from zu_backends.verify.jsonl import _read
from zu_backends.verify.log import check_log
from zu_core.chain import Entry, Link
from zu_core.testing import make_event


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1,', b'"v":1, '),
        (b'"v":1,', b'"v":2,'),
        (b'{"v"', b'{ "v"'),
        (b'"seq":2,', b'"seq":02,'),
        (b'"seq":2,', b'"seq":2.0,'),
        (b'"seq":2,', b'"seq":2,"seq":2,'),
        (b'"source":"suite"', b'"source":"\\u0073uite"'),
        (b'"source":"suite"', b'"source":"su\\u001fite"'),
        (b'"source":"suite"', b'"source":"su\\/ite"'),
        (b'"source":"suite"', b'"source":"su\tite"'),
        (b'"source":"suite"', b'"source":"su\xffite"'),
        (b'"source":"suite"', b'"source":null'),
        (b'"parent_id":null', b'"parent_id":""'),
        (b'"hash":"', b'"hash":"A'),
        (b'"more":0', b'"more":1'),
        (b'"size":12', b'"size":11'),
        (b'{"number":2}', b'{"number":2}}'),
        (b'{"number":2}', b'{"number":2},"type":"harness.ok"'),
        (b'{"number":2}', b'{"number": 2}'),
        (b'"payload":', b'"blob":'),
        (b'"payload":', b'"payload" :'),
        (b'}\n{"v":1,"trace_id":"a","seq":3', b'} \n{"v":1,"trace_id":"a","seq":3'),
        (b'}\n{"v":1,"trace_id":"a","seq":3', b'}\n\n{"v":1,"trace_id":"a","seq":3'),
        (b'}\n{"v":1,"trace_id":"a","seq":3', b'}\r\n{"v":1,"trace_id":"a","seq":3'),
    ],
)
def test_another_spelling_is_a_break(logs, old, new):
    path, _ = logs.make("log.jsonl")
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    with pytest.raises(LogBroken):
        check_log(path)


def test_a_payload_that_shows_other_members_is_a_break_though_its_hash_is_right(logs):
    """`grep` and most parsers would see another type than the verifier."""
    path, _ = logs.make("log.jsonl")
    rows = logs.rows(path)
    rows[9][10] = b'{"number":9},"type":"harness.ok"'
    logs.write(path, logs.rehash(rows))
    with pytest.raises(LogBroken, match="position 10, edited: its payload is spelt"):
        check_log(path)


def append_many(path, count):
    async def run():
        async with JsonlSink(path) as sink:
            await sink.append_many(make_event(number) for number in range(count))

    asyncio.run(run())


@pytest.mark.parametrize("cut", [1, 40, 900])
def test_the_torn_end_of_an_append_is_left_out_and_told(logs, cut):
    path, _ = logs.make("log.jsonl")
    size = path.stat().st_size
    append_many(path, 5)
    path.write_bytes(path.read_bytes()[:-cut])
    checked = check_log(path)
    assert checked.entries == 10
    assert checked.torn == path.stat().st_size - size


def test_an_append_that_lacks_a_line_is_a_break(logs):
    path, _ = logs.make("log.jsonl")
    append_many(path, 5)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:12] + lines[13:]))
    with pytest.raises(LogBroken, match="position 13, gap"):
        check_log(path)


def test_rubbish_behind_the_last_line_is_a_break(logs):
    path, _ = logs.make("log.jsonl")
    path.write_bytes(path.read_bytes() + b"rubbish\n")
    with pytest.raises(LogBroken, match="position 11"):
        check_log(path)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.builds(
        Entry,
        trace_id=TEXT,
        event_id=TEXT,
        parent_id=st.none() | TEXT,
        task_id=TEXT,
        type=TEXT,
        ts=st.integers(-(2**62), 2**62),
        source=TEXT,
        codec=st.sampled_from(["json1", "other", 'é"']),
        payload=st.sampled_from([b"{}", b'{"a":"}"}', b"1"]),
    ),
    st.integers(1, 2**62),
    st.integers(0, 9),
)
def test_any_line_that_is_written_is_read_as_it_was(entry, seq, more):
    place = Link(entry.trace_id, seq, b"p" * 32, b"h" * 32)
    row, left = _read(encode_line(Line(entry, place, more)), 7)
    texts = [
        None if text is None else text.encode()
        for text in (entry.event_id, entry.parent_id, entry.task_id, entry.type)
    ]
    assert left == more
    assert row == (
        7, entry.trace_id.encode(), seq, *texts, entry.ts, entry.source.encode(),
        entry.codec.encode(), entry.payload, b"p" * 32, b"h" * 32,
    )  # fmt: skip
