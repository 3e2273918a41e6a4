"""`zu log tail`."""

from collections import deque
from time import sleep
from typing import Annotated, Final

import typer

from zu_backends.reading import entry_of, reading
from zu_cli.logs.options import Json, Log, Trace
from zu_cli.logs.shown import as_json as event_as_json
from zu_cli.logs.shown import as_line
from zu_cli.output import write
from zu_core.codec import Codecs

_POLL_SECONDS: Final = 0.2


def log_tail(
    log: Log,
    count: Annotated[int, typer.Option("-n", "--lines", metavar="N", min=0, help="How many.")] = 10,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with what is appended, until Ctrl-C.")
    ] = False,
    trace: Trace = None,
    as_json: Json = False,
) -> None:
    """Show the last events."""
    codecs = Codecs()
    show = event_as_json if as_json else as_line
    with reading(log) as reader:
        last = deque(reader.rows(trace), maxlen=count)
        while True:
            for row in last:
                write(show(row, entry_of(row), codecs) + "\n")
            if not follow:
                return
            sleep(_POLL_SECONDS)
            last = deque(reader.rows(trace))
