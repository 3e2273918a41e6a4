"""The `zu` command: names its subcommands and loads the one that is asked for.

A command's module is imported when the command is called, so that `zu --help` costs what
typer costs.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Annotated, Final

import typer

from zu_cli.environment import Environment
from zu_cli.failures import guarded
from zu_cli.loading import load

_EPILOG: Final = (
    "Exit codes: 0 held, 1 breach, 2 usage or configuration, 3 inconclusive (evidence is "
    "missing, or needs review), 4 stored evidence is damaged."
)


@dataclass(frozen=True)
class Command:
    """Where a subcommand is, and the line that stands for it before it is loaded.

    Attributes:
        name: one word, or two for a command of a group.
        function: "module:function"; the function's parameters are its options.
        help: one sentence for the list of commands.
    """

    name: str
    function: str
    help: str


COMMANDS: Final = (
    Command(
        "test-plugin",
        "zu_cli.commands.gate_plugin:gate_plugin",
        "Attack a tool server in a box and judge it.",
    ),
    Command(
        "guard",
        "zu_cli.commands.guard:guard",
        "Run a command in a box, every day.",
    ),
    Command(
        "doctor",
        "zu_cli.commands.doctor:doctor",
        "Tell what this machine can enforce.",
    ),
    Command(
        "log verify",
        "zu_cli.commands.log_verify:log_verify",
        "Check that a log is what was written.",
    ),
    Command("log show", "zu_cli.commands.log_show:log_show", "Show all of one event."),
    Command("log query", "zu_cli.commands.log_query:log_query", "List events by filters."),
    Command("log tail", "zu_cli.commands.log_tail:log_tail", "Show the last events."),
    Command("log stats", "zu_cli.commands.log_stats:log_stats", "Count events."),
    Command("log export", "zu_cli.commands.log_export:log_export", "Write events as JSON lines."),
    Command("log keygen", "zu_cli.commands.log_keygen:log_keygen", "Make a key for checkpoints."),
    Command(
        "log checkpoint",
        "zu_cli.commands.log_checkpoint:log_checkpoint",
        "Check a log and sign what it is now.",
    ),
    Command(
        "log prove",
        "zu_cli.commands.log_prove:log_prove",
        "Write a proof that an event is in a log.",
    ),
    Command(
        "log check-proof",
        "zu_cli.commands.log_check_proof:log_check_proof",
        "Check such a proof without the log.",
    ),
    Command("version", "zu_cli.commands.version:version", "Print the version."),
)

_GROUPS: Final = {"log": "Work with the logs of runs."}


def build(words: Sequence[str]) -> typer.Typer:
    """The application for a command line that begins with `words`.

    Only the command that `words` name is imported; the others are known by name and help.
    """
    app = _application(_root, epilog=_EPILOG)
    groups = {name: _application(text=text) for name, text in _GROUPS.items()}
    for name, group in groups.items():
        app.add_typer(group, name=name)
    for command in COMMANDS:
        *parents, own = command.name.split()
        asked = list(words[: len(parents) + 1]) == [*parents, own]
        function = guarded(load(command.function)) if asked else _not_loaded
        owner = groups[parents[0]] if parents else app
        # Options end at the first positional: all after it belongs to the command to be run.
        settings = {"allow_interspersed_args": own not in ("test-plugin", "guard")}
        owner.command(own, help=None if asked else command.help, context_settings=settings)(
            function
        )
    return app


def _application(
    callback: Callable[..., None] | None = None,
    *,
    text: str | None = None,
    epilog: str | None = None,
) -> typer.Typer:
    return typer.Typer(
        callback=callback,
        help=text,
        epilog=epilog,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _not_loaded() -> None:
    """Stand for a command that the command line does not name; never called."""
    raise AssertionError("a command was called that the command line did not name")


def _print_version(asked: bool) -> None:
    if asked:
        guarded(load("zu_cli.commands.version:version"))()


def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Run tools that nobody has reason to trust, in a box, on the record."""


def main() -> None:
    """Run the command line of this process; ends the process with an `ExitCode`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal of another encoding gets escapes for what it can't show.
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:]
    application = guarded(build, debug=Environment.of_process().debug)(words)
    application(args=words or ["--help"], prog_name="zu")
