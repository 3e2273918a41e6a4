"""The command as a person meets it: in a process of its own."""

import subprocess
import sys

import pytest

from zu_cli.main import COMMANDS


def zu(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "zu_cli", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_names_each_command_and_the_exit_codes(words):
    done = zu(*words)
    assert done.returncode == 0
    assert done.stderr == ""
    for command in COMMANDS:
        assert command.name.split()[0] in done.stdout
    assert "Exit codes: 0 held, 1 breach" in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_has_help_of_its_own(command):
    done = zu(*command.name.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: zu {command.name} ")
    assert "Print the version." not in done.stdout or command.name == "version"


def test_help_loads_no_command():
    program = (
        "import sys\n"
        "from zu_cli.main import main\n"
        "sys.argv = ['zu', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('mcp', 'msgspec', 'rich', 'zu_backends', 'zu_redteam', 'asyncio')\n"
        "print(sorted(set(heavy) & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_version_is_printed(words):
    done = zu(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("zu 1.")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tets-plugin"], "test-plugin"),
        (["--frobnicate"], "--frobnicate"),
        (["test-plugin", "--egres", "x"], "--egress"),
        (["log", "verfy"], "verify"),
    ],
)
def test_a_wrong_word_is_a_usage_error_that_names_the_right_one(words, message):
    done = zu(*words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_closed_pipe_is_quiet_and_no_verdict():
    with subprocess.Popen(
        [sys.executable, "-m", "zu_cli", "version"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(10) == 141
