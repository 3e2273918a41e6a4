import ast
import asyncio
from pathlib import Path

import msgspec
import pytest

import zu_backends.verify
from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_backends.verify.findings import Kind, LogBroken
from zu_backends.verify.log import check_log
from zu_core.codec import Codecs
from zu_core.errors import ConfigError
from zu_core.testing import make_event


def test_a_log_that_is_whole_is_counted(logs, name):
    path, heads = logs.make(name)
    checked = check_log(path, heads.values())
    assert (checked.entries, checked.traces, checked.size, checked.torn) == (10, 2, 10, 0)
    assert checked.root == heads[10].root
    assert check_log(path, trace="a").entries == 5
    assert check_log(path, trace="none").entries == 0


@pytest.mark.parametrize("count", [1, 255, 256, 257, 600])
def test_logs_of_each_size_agree_with_their_heads(logs, name, count):
    path, heads = logs.make(name, count)
    assert check_log(path, heads.values()).root == heads[count].root


def test_an_empty_log_is_whole(tmp_path):
    async def make():
        async with SqliteSink(tmp_path / "log.db"):
            pass

    asyncio.run(make())
    assert check_log(tmp_path / "log.db").entries == 0


class Odd:
    tag = "odd"

    def encode(self, payload, /, *, trace_id, event_id):
        return b'\xff"\n' + repr(payload).encode()

    def decode(self, blob, /, *, trace_id, event_id):
        raise AssertionError


@pytest.mark.parametrize("codecs", [None, Codecs(Odd())], ids=["json", "bytes"])
def test_odd_texts_and_blobs_are_read_as_they_were_written(tmp_path, name, codecs):
    events = [
        make_event(1, source='q"\\\b\f\n\r\t\x00\x1f\x7f\u2028é𝄞/', parent_id=""),
        make_event(2, trace_id="é\\u0041", parent_id="p", task_id="{},"),
        make_event(payload={"text": '"},"type":"x', "deep": [[[1.5, -0.0, None]]], "é": "\0"}),
    ]

    async def run():
        sink = {"log.db": SqliteSink, "log.jsonl": JsonlSink}[name](tmp_path / name, codecs=codecs)
        async with sink:
            await sink.append_many(events)
            await sink.append(make_event(4))
            return await sink.checkpoint("log")

    head = asyncio.run(run())
    assert check_log(tmp_path / name, [head]).root == head.root


FIELDS = {
    1: "c", 2: 99, 3: "x", 4: "", 5: "other", 6: "data.other", 7: 5, 8: "proxy", 9: "json2",
    10: b'{"number":99}', 11: bytes(32), 12: bytes(32),
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("place", [4, 9])
def test_an_edit_of_any_field_is_found(logs, name, field, place):
    path, _ = logs.make(name)
    rows = logs.rows(path)
    rows[place][field] = FIELDS[field]
    logs.write(path, rows)
    with pytest.raises(LogBroken) as caught:
        check_log(path)
    assert (caught.value.kind, caught.value.position) == (Kind.EDITED, place + 1)


def test_swapped_payloads_are_found(logs, name):
    path, _ = logs.make(name)
    rows = logs.rows(path)
    rows[2][10], rows[6][10] = rows[6][10], rows[2][10]
    logs.write(path, rows)
    with pytest.raises(LogBroken, match="position 3, edited"):
        check_log(path)


def renumber(rows):
    for position, row in enumerate(rows, 1):
        row[0] = position
    return rows


@pytest.mark.parametrize("place", [0, 1, 4, 7])
def test_a_removed_entry_is_found(logs, name, place):
    path, _ = logs.make(name)
    rows = logs.rows(path)
    del rows[place]
    logs.write(path, renumber(rows))
    with pytest.raises(LogBroken) as caught:
        check_log(path)
    assert (caught.value.kind, caught.value.position) == (Kind.GAP, place + 2)


def test_exchanged_entries_are_found(logs, name):
    path, _ = logs.make(name)
    rows = logs.rows(path)
    rows[2], rows[4] = rows[4], rows[2]
    logs.write(path, renumber(rows))
    with pytest.raises(LogBroken, match="position 3, gap"):
        check_log(path)


def test_exchanged_entries_of_two_traces_are_found_by_a_checkpoint(logs, name):
    path, heads = logs.make(name)
    rows = logs.rows(path)
    rows[2], rows[3] = rows[3], rows[2]
    logs.write(path, renumber(rows))
    assert check_log(path).entries == 10
    with pytest.raises(LogBroken, match="rewritten: entries 2 to 5 are others"):
        check_log(path, [heads[10], heads[1], heads[5]])


def test_a_line_that_stands_twice_is_found(logs):
    path, _ = logs.make("log.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    with pytest.raises(LogBroken, match="position 11, duplicate"):
        check_log(path)


def test_an_id_that_stands_twice_is_found(logs):
    path, _ = logs.make("log.jsonl")
    rows = logs.rows(path)
    rows[6][3] = rows[1][3]
    logs.write(path, logs.rehash(rows))
    with pytest.raises(LogBroken, match="position 7, duplicate: its event id stands at 2 before"):
        check_log(path)


def test_an_inserted_entry_is_found(logs, name):
    path, _ = logs.make(name)
    rows = logs.rows(path)
    more = logs.rehash([list(row) for row in rows])[4]
    more[3], more[10] = "inserted", b"{}"
    tampered = [*rows[:4], more, *rows[4:]]
    # the inserted one has the hash that it must have; the one behind it does not continue it
    tampered[4][12] = __import__("hashlib").sha256().digest()
    tampered[4][2] = rows[4][2]
    for row in tampered[5:]:
        row[2] += row[1] == more[1]
    logs.write(path, renumber(tampered))
    with pytest.raises(LogBroken) as caught:
        check_log(path)
    assert caught.value.position == 5


def test_a_truncation_is_found_by_a_checkpoint_alone(logs, name):
    path, heads = logs.make(name)
    logs.write(path, logs.rows(path)[:7])
    assert check_log(path, [heads[5]]).entries == 7
    with pytest.raises(LogBroken) as caught:
        check_log(path, heads.values())
    assert (caught.value.kind, caught.value.position) == (Kind.TRUNCATED, 8)


def test_a_rewrite_with_a_clean_chain_is_found_by_a_checkpoint_alone(logs, name):
    path, heads = logs.make(name)
    rows = logs.rows(path)
    rows[6][10] = b'{"number":77}'
    logs.write(path, logs.rehash(rows))
    assert check_log(path, [heads[6]]).entries == 10
    with pytest.raises(LogBroken) as caught:
        check_log(path, heads.values())
    assert (caught.value.kind, caught.value.position) == (Kind.REWRITTEN, 7)


def test_the_head_of_another_log_is_met_nowhere(logs, name):
    path, heads = logs.make(name)
    other = msgspec.structs.replace(heads[5], root=bytes(32))
    with pytest.raises(LogBroken, match="entries 1 to 5 are others"):
        check_log(path, [other])


def test_a_checkpoint_is_no_matter_of_one_trace(logs, name):
    path, heads = logs.make(name)
    with pytest.raises(ConfigError, match="one trace"):
        check_log(path, heads.values(), trace="a")


def test_progress_is_told(logs, name):
    path, _ = logs.make(name, 600)
    seen = []
    check_log(path, progress=seen.append)
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == 600


def test_reading_leaves_no_files_and_no_changes_behind(logs, name):
    path, _ = logs.make(name)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    check_log(path)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_log_that_is_being_written_is_checked(logs, name):
    path, heads = logs.make(name)

    async def run():
        async with {"log.db": SqliteSink, "log.jsonl": JsonlSink}[name](path) as sink:
            for number in range(10, 20):
                await sink.append(make_event(number, trace_id="c"))
            return await asyncio.to_thread(check_log, path, heads.values())

    assert asyncio.run(run()).entries == 20


@pytest.mark.parametrize("content", [None, b"", b"text", b"\0" * 4096])
def test_what_is_no_log_is_refused(tmp_path, content):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError):
        check_log(path)
    with pytest.raises(ConfigError):
        check_log(tmp_path)


def test_the_verifier_shares_no_code_with_the_writers():
    allowed = {"zu_core.errors", "zu_core.note.checkpoint"}
    files = list(Path(zu_backends.verify.__file__).parent.glob("*.py"))
    assert len(files) > 4
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for imported in names:
                assert (
                    not imported.startswith("zu_")
                    or imported in allowed
                    or imported.startswith("zu_backends.verify")
                ), f"{file.name} imports {imported}"
