import io
import sys

import pytest

from zu_cli.output import StdoutClosed, say, write


class Closed(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


def test_a_closed_stdout_is_told(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(StdoutClosed):
        write("text")


def test_a_closed_stderr_is_nobodys_business(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Closed())
    say("text")
