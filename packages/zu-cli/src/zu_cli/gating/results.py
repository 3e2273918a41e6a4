"""The result of a run on its way out: table or JSON on stdout, HTML page, exit code."""

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from zu_cli.gating.request import Outputs
from zu_cli.output import StdoutClosed, say, write
from zu_core.errors import Unavailable
from zu_core.text import visible
from zu_redteam.report import ReportModel, print_report, render_html, render_json

PAGE = "index.html"
_PIPE_COLUMNS = 120


class _Stdout(Console):
    """Stdout; a closed pipe is the end of the command, not of the interpreter's patience."""

    def on_broken_pipe(self) -> None:
        """Called by rich within the handling of `BrokenPipeError`."""
        raise StdoutClosed


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the log of a run is, and the seed that makes the same calls again."""

    log: Path
    seed: int


def deliver(report: ReportModel, outputs: Outputs, place: Place) -> None:
    """Write the report where `outputs` says.

    Raises:
        StdoutClosed: nobody reads stdout.
        Unavailable: the page can't be written.
    """
    page = None if outputs.report is None else _write_page(report, outputs.report)
    where = [f"log: {place.log}", f"seed: {place.seed}"]
    where += [] if page is None else [f"report: {page}"]
    lines = "".join(f"{visible(line)}\n" for line in where)
    if outputs.json:
        write(render_json(report))
        say(lines)
    else:
        width = None if sys.stdout.isatty() else _PIPE_COLUMNS
        print_report(report, _Stdout(file=sys.stdout, width=width))
        write(lines)


def _write_page(report: ReportModel, directory: Path) -> Path:
    page = directory / PAGE
    try:
        page.write_text(render_html(report), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Unavailable(
            f"the report {page} can't be written: {error.strerror}",
            advice="the log has the whole run; run again with another --report",
        ) from error
    return page
