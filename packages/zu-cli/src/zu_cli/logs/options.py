"""Options that several commands of `zu log` have."""

from pathlib import Path
from typing import Annotated

import typer

Log = Annotated[Path, typer.Argument(metavar="LOG", help="A log: SQLite or JSON lines.")]
Keys = Annotated[
    list[Path] | None,
    typer.Option(
        "--key", metavar="FILE", help="Public keys, one a line: of the log and of witnesses."
    ),
]
Quorum = Annotated[
    int | None,
    typer.Option(
        "--witnesses", metavar="N", help="How many witnesses must have cosigned; all by default."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON for programs.")]
Trace = Annotated[str | None, typer.Option("--trace", metavar="ID", help="Of this run only.")]
TypePrefix = Annotated[
    str | None, typer.Option("--type", metavar="PREFIX", help="Whose type starts with PREFIX.")
]
Source = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Of this source.")]
Task = Annotated[str | None, typer.Option("--task", metavar="ID", help="Of this task.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Not before: 2026-01-31T12:00Z, or 90m, 2h, 7d."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Before: the same forms.")
]
Ctx = Annotated[
    list[str] | None,
    typer.Option("--ctx", metavar="KEY=VALUE", help="Whose own field has this value."),
]
