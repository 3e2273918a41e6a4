"""The flags of `zu test-plugin`: type, name and help of each."""

from pathlib import Path
from typing import Annotated

import typer

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="COMMAND", help="The server's command line."),
]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--egress", metavar="HOST", help="A host that it may reach. Repeatable."),
]
Programs = Annotated[
    list[str] | None,
    typer.Option("--exec", metavar="NAME", help="A program that it may start. Repeatable."),
]
Writable = Annotated[
    list[str] | None,
    typer.Option("--write", metavar="DIR", help="A directory of the box that it may write."),
]
Readable = Annotated[
    list[str] | None,
    typer.Option("--read", metavar="FILE", help="A credential file that it may open."),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The envelope; default: ./zu.toml if there."),
]
Mounts = Annotated[
    list[Path] | None,
    typer.Option("--mount", metavar="DIR", help="A host directory it sees, read-only."),
]
Workspace = Annotated[
    Path | None,
    typer.Option("--workspace", metavar="DIR", help="Copied into the box to work in."),
]
Variables = Annotated[
    list[str] | None,
    typer.Option(
        "--env", metavar="NAME=VALUE", help="A variable; NAME alone: yours, off the record."
    ),
]
Cases = Annotated[
    list[str] | None,
    typer.Option("--case", metavar="ID", help="Run this attack case only. Repeatable."),
]
ListCases = Annotated[bool, typer.Option("--list-cases", help="List the attack cases and exit.")]
WholeSeconds = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=1, help="For the whole run.")
]
CallSeconds = Annotated[
    float, typer.Option("--call-timeout", metavar="SECONDS", min=0.1, help="For one call.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Generate the same arguments again.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, not a table.")]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="DIR", help="Write an HTML page into this directory."),
]
Log = Annotated[
    Path | None,
    typer.Option("--log", metavar="PATH", help="The log; default: a file in the state directory."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress on stderr.")]
