"""`zu log show`."""

from typing import Annotated

import typer

from zu_backends.reading import entry_of, reading
from zu_cli.logs.options import Json, Log
from zu_cli.logs.shown import as_json as event_as_json
from zu_cli.logs.shown import as_page
from zu_cli.output import write
from zu_core.codec import Codecs


def log_show(
    log: Log,
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event.")],
    as_json: Json = False,
) -> None:
    """Show all of one event: its fields, its payload, its place in the chain."""
    with reading(log) as reader:
        row = reader.find(event_id)
    show = event_as_json if as_json else as_page
    write(show(row, entry_of(row), Codecs()) + "\n")
