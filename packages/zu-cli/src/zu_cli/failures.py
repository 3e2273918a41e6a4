"""How a command ends when it does not end well: a message, advice and an exit code."""

import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn, ParamSpec, TypeVar

import typer

from zu_cli.environment import Environment
from zu_cli.output import StdoutClosed, say
from zu_core.errors import ExitCode, ZuError
from zu_core.text import visible

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Interrupted(Exception):  # noqa: N818 - a request of the user, no error
    """A signal asked the command to end; it has cleaned up.

    Attributes:
        signum: which one.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def guarded(function: Callable[_P, _R], *, debug: bool | None = None) -> Callable[_P, _R]:
    """`function`, whose failures become messages on stderr and exit codes.

    `debug` shows the traceback of an internal error; by default the environment decides.
    """

    @functools.wraps(function)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except ZuError as error:
            complain(error.message, error.advice)
            raise SystemExit(error.exit_code) from None
        except Interrupted as error:
            raise SystemExit(128 + error.signum) from None
        except KeyboardInterrupt:
            raise SystemExit(128 + signal.SIGINT) from None
        except StdoutClosed:
            _end_without_stdout()
        except typer.Exit:
            raise
        except Exception as error:  # noqa: BLE001 - the last place; ends the process with 3
            shown = Environment.of_process().debug if debug is None else debug
            _report_fault(error, traceback_shown=shown)
            raise SystemExit(ExitCode.INCONCLUSIVE) from None

    return run


def complain(message: str, advice: str = "") -> None:
    """Write a message to stderr, and below it what to do about it."""
    lines = [f"zu: {visible(message)}"]
    if advice:
        lines += [f"    {line}" for line in visible(advice).splitlines()]
    say("\n".join(lines) + "\n")


def _report_fault(error: Exception, *, traceback_shown: bool) -> None:
    if traceback_shown:
        traceback.print_exception(error)
    complain(
        f"internal error: {type(error).__name__}: {error}",
        "This is a fault of Zu and says nothing about the target. Please report it with "
        "the output of the same command under ZU_DEBUG=1.",
    )


def _end_without_stdout() -> NoReturn:
    """End as a program does that SIGPIPE ends, so that no shell takes it for a verdict."""
    # The interpreter flushes stdout when it ends and would complain about the closed pipe.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    raise SystemExit(128 + signal.SIGPIPE)
