import io

from rich.console import Console

from zu_cli.gating.progress import LiveProgress, PlainProgress, SilentProgress, progress_on


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_display_suits_the_stream(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(progress_on(Terminal(), quiet=True), SilentProgress)
    assert isinstance(progress_on(Terminal(), quiet=False), LiveProgress)
    assert isinstance(progress_on(io.StringIO(), quiet=False), PlainProgress)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(progress_on(Terminal(), quiet=False), PlainProgress)


def test_a_pipe_gets_one_line_for_each_stage():
    stream = io.StringIO()
    with PlainProgress(stream) as progress:
        progress.stage("list")
        progress.step(1, 2, "a case")
        progress.stage("attack")
    assert stream.getvalue() == "zu: stage list\nzu: stage attack\n"


def test_a_terminal_shows_the_step_and_none_of_the_targets_escapes():
    stream = Terminal()
    console = Console(file=stream, force_terminal=True, width=60, color_system=None)
    with LiveProgress(console) as progress:
        progress.stage("attack")
        progress.step(3, 25, "ca\x1b]0;owned\x07se [bold]\n")
        progress._bars.refresh()
    shown = stream.getvalue()
    assert "attack 3/25 ca\\x1b]0;owned\\x07se [bold]\\n" in shown
    assert "\x07" not in shown


def test_nobody_watching_is_no_fault():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    PlainProgress(Closed()).stage("list")
