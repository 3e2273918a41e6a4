import json
import signal
import subprocess
import sys

from zu_core.testing import make_event


def test_the_last_events_are_shown(zu, log):
    done = zu("log", "tail", log.path, "-n", "2", "--json")
    assert [json.loads(line)["position"] for line in done.out.splitlines()] == [5, 6]
    assert len(zu("log", "tail", log.path).out.splitlines()) == 6
    assert zu("log", "tail", log.path, "-n", "0").out == ""


def test_what_is_appended_is_followed(log):
    words = [
        sys.executable,
        "-m",
        "zu_cli",
        "log",
        "tail",
        "-n",
        "1",
        "-f",
        "--json",
        str(log.path),
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert json.loads(child.stdout.readline())["position"] == 6
            for position in (7, 8):
                log.append(make_event(position))
                assert json.loads(child.stdout.readline())["position"] == position
        finally:
            child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
