import json

from zu_backends.reading import entry_of
from zu_cli.logs.shown import as_json, as_line, as_page, moment
from zu_core.codec import Codecs


def shown(show, payload, codec=b"json1", source=b"s"):
    row = (
        7, b"t", 3, b"e", None, b"k", b"data.x", 0, source, codec, payload, b"\1" * 32, b"\2" * 32,
    )  # fmt: skip
    return show(row, entry_of(row), Codecs())


def test_a_blob_that_can_not_be_read_is_shown_as_one():
    found = json.loads(shown(as_json, b"\xff", b"aes"))
    assert found["blob"] == "/w=="
    assert "payload" not in found
    assert "(aes, 1 bytes)" in shown(as_line, b"\xff", b"aes")


def test_nothing_commands_the_terminal():
    payload = '{"a":"\\u001b[2J\u202e"}'.encode()
    for show in (as_line, as_page):
        text = shown(show, payload, source=b"\x1b]0;x\x07")
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text


def test_a_line_is_one_and_not_long():
    assert "\n" not in shown(as_line, b'{"a":"' + b"\\n" * 500 + b'"}', source=b"\n")
    assert len(shown(as_line, b'{"a":"' + b"x" * 5000 + b'"}')) == 160


def test_times_beyond_the_calendar_are_numbers():
    assert moment(0) == "1970-01-01T00:00:00Z"
    assert moment(2**62) == str(2**62)
