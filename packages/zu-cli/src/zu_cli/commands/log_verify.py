"""`zu log verify`."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_cli.output import write
from zu_core.errors import ConfigError
from zu_core.ports import EventSink
from zu_core.text import visible

_SQLITE_MAGIC: Final = b"SQLite format 3\0"  # sqlite.org/fileformat.html, section 1.3


def log_verify(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A log: SQLite or JSON lines.")],
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="ID", help="Check this run only.")
    ] = None,
) -> None:
    """Check that a log is what was written: every stored byte is under its run's hash chain."""
    checked = asyncio.run(_verify(_sink_of(log), trace))
    if not checked:
        raise ConfigError(
            f"{log} holds no event of trace {trace!r}" if trace else f"{log} holds no events",
            advice="check the id after --trace" if trace else "check the path",
        )
    events = "1 event is" if checked == 1 else f"{checked} events are"
    write(f"{visible(str(log))}: {events} as written\n")


def _sink_of(log: Path) -> EventSink:
    """The sink whose format `log` has, told by its first bytes.

    Raises:
        ConfigError: it can't be read, or has neither format. Sinks make what is not there.
    """
    try:
        with log.open("rb") as file:
            head = file.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise ConfigError(
            f"{log} can't be read: {error.strerror}", advice="check the path"
        ) from error
    if head == _SQLITE_MAGIC:
        return SqliteSink(log)
    if head.startswith(b"{"):
        return JsonlSink(log)
    raise ConfigError(
        f"{log} is no log: it is neither SQLite nor JSON lines",
        advice="name the file that `zu test-plugin` wrote",
    )


async def _verify(sink: EventSink, trace: str | None) -> int:
    try:
        return await sink.verify(trace)
    finally:
        await sink.close()
