import json

import pytest

from zu_core.testing import make_event


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), [1, 2, 3, 4, 5, 6]),
        (("--trace", "b"), [2, 4, 6]),
        (("--trace", "none"), []),
        (("--type", "harness.test"), [1, 2, 3, 4, 5, 6]),
        (("--type", "data."), []),
        (("--source", "suite", "--task", "task"), [1, 2, 3, 4, 5, 6]),
        (("--source", "suit"), []),
        (("--task", "other"), []),
        (("--ctx", "tenant=acme"), [1, 2, 3]),
        (("--ctx", "tenant=other", "--ctx", "n=4"), [5]),
        (("--ctx", "none=1"), []),
        (("--since", "1h"), [1, 2, 3, 4, 5, 6]),
        (("--until", "1h"), []),
        (("--since", "2000-01-01", "--until", "2001-01-01T00:00:00+02:00"), []),
        (("--limit", "2"), [1, 2]),
        (("--limit", "0"), []),
    ],
)
def test_filters(zu, log, words, found):
    done = zu("log", "query", log.path, *words, "--json")
    assert (done.code, done.err) == (0, "")
    assert [json.loads(line)["position"] for line in done.out.splitlines()] == found
    assert len(zu("log", "query", log.path, *words).out.splitlines()) == len(found)


@pytest.mark.parametrize("words", [("--ctx", "tenant"), ("--since", "soon"), ("--until", "")])
def test_what_is_no_filter_is_a_mistake(zu, log, words):
    done = zu("log", "query", log.path, *words)
    assert (done.code, done.out) == (2, "")


def test_what_a_target_wrote_does_not_command_the_terminal(zu, log):
    log.append(make_event(payload={"text": "\x1b[2J\u202e\n"}, source="\x1b[2J\n"))
    line = zu("log", "query", log.path).out.splitlines()[-1]
    assert "\x1b" not in line
    assert "\u202e" not in line
    assert len(zu("log", "query", log.path).out.splitlines()) == 7
