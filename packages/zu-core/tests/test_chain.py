from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zu_core.chain import GENESIS, Break, ChainError, Entry, Link, Verifier, entry_hash, link
from zu_core.errors import ConfigError, IntegrityError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
entries = st.builds(
    Entry,
    trace_id=st.sampled_from(["a", "b", "ab"]),
    event_id=texts,
    parent_id=st.none() | texts,
    task_id=texts,
    type=texts,
    ts=st.integers(-(2**63), 2**63 - 1),
    source=texts,
    codec=texts,
    payload=st.binary(max_size=8),
)


@dataclass
class Row:
    entry: Entry
    place: Link


def chained(several: list[Entry]) -> list[Row]:
    heads: dict[str, Link] = {}
    rows = []
    for entry in several:
        heads[entry.trace_id] = link(heads.get(entry.trace_id), entry)
        rows.append(Row(entry, heads[entry.trace_id]))
    return rows


def verify(rows: list[Row], trace_id: str | None = None) -> Verifier:
    verifier = Verifier(trace_id)
    for row in rows:
        verifier.add(row.entry, row.place)
    return verifier


logs = st.lists(entries, min_size=1, max_size=12).map(chained)
# An edit needs no successor to be seen; a removal, an insertion or a move of an entry does.
one_trace = st.lists(entries, min_size=2, max_size=12).map(
    lambda several: chained([msgspec.structs.replace(e, trace_id="t") for e in several])
)


def make(**fields: object) -> Entry:
    values: dict[str, object] = {
        "trace_id": "t", "event_id": "e", "parent_id": None, "task_id": "k", "type": "harness.x",
        "ts": 0, "source": "s", "codec": "json1", "payload": b"{}",
    }  # fmt: skip
    return Entry(**(values | fields))


@given(logs)
def test_interleaved_traces_verify(rows):
    verifier = verify(rows)
    assert verifier.count == len(rows)
    for row in rows:
        assert verifier.heads[row.entry.trace_id].seq >= row.place.seq


@given(logs, st.data())
def test_any_edit_of_a_field_is_found_where_it_is(rows, data):
    index = data.draw(st.integers(0, len(rows) - 1))
    row = rows[index]
    name = data.draw(st.sampled_from(Entry.__struct_fields__))
    value = getattr(data.draw(entries), name)
    assume(value != getattr(row.entry, name))
    rows[index] = Row(msgspec.structs.replace(row.entry, **{name: value}), row.place)
    with pytest.raises(ChainError) as caught:
        verify(rows)
    assert caught.value.position == index + 1
    assert caught.value.kind is (Break.WRONG_TRACE if name == "trace_id" else Break.EDITED)


@given(logs, st.data())
def test_any_edit_of_a_link_is_found_where_it_is(rows, data):
    index = data.draw(st.integers(0, len(rows) - 1))
    row = rows[index]
    name = data.draw(st.sampled_from(Link.__struct_fields__))
    values = {
        "trace_id": texts,
        "seq": st.integers(0, 2**64 - 1),
        "prev": st.binary(min_size=32, max_size=32),
        "hash": st.binary(min_size=32, max_size=32),
    }
    value = data.draw(values[name])
    assume(value != getattr(row.place, name))
    rows[index] = Row(row.entry, msgspec.structs.replace(row.place, **{name: value}))
    with pytest.raises(ChainError) as caught:
        verify(rows)
    assert caught.value.position == index + 1


@given(one_trace, st.data())
def test_a_removal_before_the_end_is_a_gap(rows, data):
    index = data.draw(st.integers(0, len(rows) - 2))
    del rows[index]
    with pytest.raises(ChainError) as caught:
        verify(rows)
    assert (caught.value.kind, caught.value.position) == (Break.GAP, index + 1)


@given(one_trace, st.data())
def test_an_exchange_is_found(rows, data):
    one, two = sorted(data.draw(st.permutations(range(len(rows))))[:2])
    rows[one], rows[two] = rows[two], rows[one]
    with pytest.raises(ChainError) as caught:
        verify(rows)
    assert (caught.value.kind, caught.value.position) == (Break.GAP, one + 1)


@given(one_trace, st.data())
def test_a_repeated_entry_is_found(rows, data):
    index = data.draw(st.integers(0, len(rows) - 1))
    place = data.draw(st.integers(index + 1, len(rows)))
    rows.insert(place, rows[index])
    with pytest.raises(ChainError) as caught:
        verify(rows)
    assert caught.value.position == place + 1
    next_to_it = place == index + 1
    assert caught.value.kind is (Break.DUPLICATE if next_to_it else Break.REORDERED)


@given(one_trace, entries, st.data())
def test_an_inserted_entry_is_found_at_the_latest_behind_it(rows, entry, data):
    index = data.draw(st.integers(0, len(rows) - 1))
    entry = msgspec.structs.replace(entry, trace_id="t")
    assume(entry != rows[index].entry)
    before = rows[index - 1].place if index else None
    rows.insert(index, Row(entry, link(before, entry)))
    with pytest.raises(ChainError) as caught:
        verify(rows)
    assert caught.value.position == index + 2
    assert caught.value.kind is Break.FORK


@given(one_trace, st.data())
def test_an_edit_with_a_new_hash_is_found_behind_it(rows, data):
    index = data.draw(st.integers(0, len(rows) - 2))
    row = rows[index]
    entry = msgspec.structs.replace(row.entry, payload=row.entry.payload + b"!")
    before = rows[index - 1].place if index else None
    rows[index] = Row(entry, link(before, entry))
    with pytest.raises(ChainError) as caught:
        verify(rows)
    assert (caught.value.kind, caught.value.position) == (Break.FORK, index + 2)


@given(one_trace, st.data())
def test_a_truncation_at_the_end_shows_only_against_a_kept_head(rows, data):
    """A chain can't show it: what is left is whole. Who kept the head can."""
    head = verify(rows).heads["t"]
    left = data.draw(st.integers(0, len(rows) - 1))
    assert verify(rows[:left]).heads.get("t") != head


@given(entries, entries)
def test_different_entries_have_different_hashes(one, two):
    assume(one != two)
    assert entry_hash(one, 1, GENESIS) != entry_hash(two, 1, GENESIS)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"parent_id": None}, {"parent_id": ""}),
        ({"event_id": "ab", "task_id": "c"}, {"event_id": "a", "task_id": "bc"}),
        ({"codec": "json1", "payload": b"{}"}, {"codec": "json1{", "payload": b"}"}),
    ],
)
def test_fields_do_not_run_into_each_other(one, two):
    assert entry_hash(make(**one), 1, GENESIS) != entry_hash(make(**two), 1, GENESIS)


def test_the_hash_of_version_1_does_not_change():
    """The same value stands in the test that spells out the hashed bytes (test_format)."""
    wanted = "60217e9db056f294a0faadb4d0dd732f5bf12c38329adf17e92c45b567bc9aa0"
    assert entry_hash(make(), 1, GENESIS).hex() == wanted


def test_a_trace_that_is_verified_alone_takes_no_other():
    rows = chained([make(trace_id="a"), make(trace_id="b")])
    with pytest.raises(ChainError, match="wrong-trace") as caught:
        verify(rows, "a")
    assert caught.value.position == 2


def test_two_successors_of_one_entry_are_a_fork():
    first = link(None, make())
    rows = [Row(make(), first)]
    rows += [Row(make(event_id=name), link(first, make(event_id=name))) for name in "xy"]
    with pytest.raises(ChainError) as caught:
        verify(rows)
    assert (caught.value.kind, caught.value.position) == (Break.FORK, 3)


def test_the_position_of_the_store_is_told():
    verifier = Verifier()
    with pytest.raises(IntegrityError, match="position 77"):
        verifier.add(make(), Link("t", 1, GENESIS, bytes(32)), position=77)


@pytest.mark.parametrize("seq", [-1, 2**64])
def test_a_number_out_of_range_is_an_edit(seq):
    with pytest.raises(ChainError, match="edited"):
        Verifier().add(make(), Link("t", seq, GENESIS, bytes(32)))


def test_text_without_utf8_is_refused():
    with pytest.raises(ConfigError, match="can't be hashed"):
        link(None, make(source="\ud800"))


def test_a_link_continues_its_own_trace_only():
    with pytest.raises(ConfigError, match="not 'a'"):
        link(link(None, make(trace_id="a")), make(trace_id="b"))
