import pytest
import typer

from zu_cli.failures import Interrupted, guarded
from zu_core import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Refused("m"), 1),
        (errors.ConfigError("m"), 2),
        (errors.Unavailable("m"), 3),
        (errors.PluginError("m"), 3),
        (errors.ProtocolError("m"), 3),
        (errors.IntegrityError("m"), 4),
        (Interrupted(2), 130),
        (Interrupted(15), 143),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("m"), 3),
        (BrokenPipeError("not of stdout"), 3),
    ],
)
def test_each_failure_has_its_exit_code(error, code):
    def fail():
        raise error

    with pytest.raises(SystemExit) as caught:
        guarded(fail, debug=False)()
    assert caught.value.code == code


def test_a_message_and_its_advice_stand_on_stderr_and_escapes_are_shown(capsys):
    def fail():
        raise errors.ConfigError("the \x1b[31mhost", advice="write this:\n\tthat")

    with pytest.raises(SystemExit):
        guarded(fail)()
    shown = capsys.readouterr()
    assert shown.err == "zu: the ␛[31mhost\n    write this:\n    ␉that\n"
    assert shown.out == ""


def test_a_fault_says_how_to_report_it_and_shows_its_traceback_only_when_asked(capsys):
    def fail():
        raise ZeroDivisionError("m")

    for debug in (False, True):
        with pytest.raises(SystemExit):
            guarded(fail, debug=debug)()
        shown = capsys.readouterr().err
        assert "internal error: ZeroDivisionError: m" in shown
        assert "ZU_DEBUG=1" in shown
        assert ("Traceback" in shown) is debug


def test_an_exit_passes():
    def leave():
        raise typer.Exit(0)

    with pytest.raises(typer.Exit):
        guarded(leave)()
