import sys

import pytest

from zu_cli.logs import progress
from zu_cli.logs.progress import Progress


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_sees_how_far_it_is(capsys, monkeypatch, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    moments = iter([0.0, 0.1, 0.3, 0.3])
    monkeypatch.setattr(progress, "monotonic", lambda: next(moments))
    with Progress("events") as shown:
        shown(1)
        if terminal:
            shown(2000)
    text = capsys.readouterr().err
    assert text == ("\revents: 2,000\x1b[K\r\x1b[K" if terminal else "")
