import pytest

from zu_core.events import Executed, ProgramStarted
from zu_redteam.verdict.startup import start_commands
from zu_redteam.verdict.testing import RunScript


def execs(argv: tuple[str, ...], *facts: Executed) -> list[bool]:
    """Whether each of `facts` counts as part of the start of `argv`."""
    script = RunScript()
    script.add(ProgramStarted(argv=argv, cwd="/workspace"))
    ids = [script.fact(fact) for fact in facts]
    found = start_commands(script.run())
    return [one in found for one in ids]


def ran(path: str, *argv: str, pid: int = 7, parent: int = 1, found: bool = True) -> Executed:
    return Executed(path=path, argv=argv, pid=pid, parent_pid=parent, found=found)


def test_the_command_itself() -> None:
    assert execs(("python3", "s.py"), ran("/usr/bin/python3", "python3", "s.py")) == [True]


def test_a_wrapper_and_what_it_wraps() -> None:
    assert execs(
        ("env", "A=1", "python3", "s.py"),
        ran("/usr/bin/env", "env", "A=1", "python3", "s.py"),
        ran("/usr/local/bin/python3", "python3", "s.py", found=False),
        ran("/usr/bin/python3", "python3", "s.py"),
    ) == [True, False, True]


def test_a_wrapper_that_forks() -> None:
    assert execs(
        ("timeout", "9", "server"),
        ran("/usr/bin/timeout", "timeout", "9", "server"),
        ran("/usr/bin/server", "server", pid=8, parent=7),
    ) == [True, True]


@pytest.mark.parametrize("interpreter", [("node",), ("/venv/bin/python", "-I")])
def test_the_interpreter_of_a_script(interpreter: tuple[str, ...]) -> None:
    assert execs(
        ("bin/server", "--quiet"),
        ran("bin/server", "bin/server", "--quiet"),
        ran(f"/usr/bin/{interpreter[0]}", *interpreter, "/app/bin/server", "--quiet"),
    ) == [True, True]


def test_what_the_target_executes_is_not_its_start() -> None:
    assert execs(
        ("python3", "s.py"),
        ran("/usr/bin/python3", "python3", "s.py"),
        ran("/bin/sh", "sh", "-c", "id", pid=8, parent=7),
        ran("/bin/sh", "sh", "-c", "id"),
        ran("/usr/bin/python3", "python3", "s.py"),
        ran("/usr/bin/python3", "python3", "s.py", pid=9, parent=7),
        ran("/bin/sh", "sh", "-c", "id", "python3"),
    ) == [True, False, False, False, False, False]


def test_a_script_has_one_interpreter() -> None:
    assert execs(
        ("server",),
        ran("/bin/server", "server"),
        ran("/usr/bin/node", "node", "/bin/server"),
        ran("/bin/sh", "sh", "/bin/server"),
    ) == [True, True, False]


def test_nothing_counts_before_the_command() -> None:
    assert execs(("python3", "s.py"), ran("/bin/sh", "sh", "-c", "id")) == [False]


def test_every_start_has_its_own_command() -> None:
    run = RunScript.honest().run()
    assert len(start_commands(run)) == 2
