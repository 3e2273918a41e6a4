"""`zu log query`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from zu_backends.reading import reading
from zu_cli.logs.options import Ctx, Json, Log, Since, Source, Task, Trace, TypePrefix, Until
from zu_cli.logs.selection import Selection, parse_ctx, parse_time
from zu_cli.logs.shown import as_json as event_as_json
from zu_cli.logs.shown import as_line
from zu_cli.output import write
from zu_core.codec import Codecs


def log_query(
    log: Log,
    *,
    type_prefix: TypePrefix = None,
    source: Source = None,
    task: Task = None,
    trace: Trace = None,
    since: Since = None,
    until: Until = None,
    ctx: Ctx = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="At most N events.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the events that fit all filters, in the order of the log."""
    now = datetime.now(UTC)
    selection = Selection(
        trace=trace,
        type_prefix=type_prefix,
        source=source,
        task=task,
        since=parse_time(since, now),
        until=parse_time(until, now),
        ctx=parse_ctx(ctx or ()),
    )
    codecs = Codecs()
    show = event_as_json if as_json else as_line
    with reading(log) as reader:
        for count, (row, entry) in enumerate(selection.of(reader, codecs)):
            if count == limit:
                break
            write(show(row, entry, codecs) + "\n")
