import io

from rich.console import Console

from zu_cli.gating.progress import LiveDisplay, PlainDisplay, SilentDisplay, display_on
from zu_redteam.gate import Progress


def moment(stage, done=0, total=0, case=""):
    return Progress(stage, done, total, case, 1.25)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_display_suits_the_stream(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(display_on(Terminal(), quiet=True), SilentDisplay)
    assert isinstance(display_on(Terminal(), quiet=False), LiveDisplay)
    assert isinstance(display_on(io.StringIO(), quiet=False), PlainDisplay)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(display_on(Terminal(), quiet=False), PlainDisplay)


def test_a_pipe_gets_one_line_for_each_stage():
    stream = io.StringIO()
    with PlainDisplay(stream) as progress:
        progress.show(moment("list"))
        progress.show(moment("list", 1, 2, "a-case"))
        progress.show(moment("attack"))
    assert stream.getvalue() == "zu:    1.2 s  stage list\nzu:    1.2 s  stage attack\n"


def test_a_terminal_shows_the_step_and_none_of_the_targets_escapes():
    stream = Terminal()
    console = Console(file=stream, force_terminal=True, width=60, color_system=None)
    with LiveDisplay(console) as progress:
        progress.show(moment("attack", 3, 25, "ca\x1b]0;owned\x07se [bold]\n"))
        progress._bars.refresh()
    shown = stream.getvalue()
    assert "attack 3/25 ca␛]0;owned␇se [bold]␊" in shown
    assert "\x07" not in shown


def test_nobody_watching_is_no_fault():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    PlainDisplay(Closed()).show(moment("list"))
