"""`zu test-plugin`: its options. The name of this file does not begin with `test_`, since
test runners collect such files.
"""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from zu_cli.environment import Environment
from zu_cli.gating import cases, config_file
from zu_cli.gating.request import (
    Flags,
    Outputs,
    Request,
    command_line,
    declared,
    directory,
    made,
    variables,
)
from zu_cli.loading import load


def gate_plugin(  # noqa: PLR0917 - typer calls it; each parameter is a flag
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="The server's command line."),
    ] = None,
    egress: Annotated[
        list[str] | None,
        typer.Option("--egress", metavar="HOST", help="A host that it may reach. Repeatable."),
    ] = None,
    exec_: Annotated[
        list[str] | None,
        typer.Option("--exec", metavar="NAME", help="A program that it may start. Repeatable."),
    ] = None,
    write: Annotated[
        list[str] | None,
        typer.Option("--write", metavar="DIR", help="A directory of the box that it may write."),
    ] = None,
    read: Annotated[
        list[str] | None,
        typer.Option("--read", metavar="FILE", help="A credential file that it may open."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="The envelope; default: ./zu.toml if there."),
    ] = None,
    mount: Annotated[
        list[Path] | None,
        typer.Option("--mount", metavar="DIR", help="A host directory it sees, read-only."),
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", metavar="DIR", help="Copied into the box to work in."),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="NAME=VALUE", help="A variable of the server. Repeatable."),
    ] = None,
    case: Annotated[
        list[str] | None,
        typer.Option("--case", metavar="ID", help="Run this attack case only. Repeatable."),
    ] = None,
    list_cases: Annotated[
        bool, typer.Option("--list-cases", help="List the attack cases and exit.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="For the whole run.")
    ] = Request.whole_seconds,
    call_timeout: Annotated[
        float, typer.Option("--call-timeout", metavar="SECONDS", min=0.1, help="For one call.")
    ] = Request.call_seconds,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Generate the same arguments again.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, not a table.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Write an HTML page into this directory."),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            "--log", metavar="PATH", help="The log; default: a file in the state directory."
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show no progress on stderr.")
    ] = False,
) -> None:
    """Attack a tool server in a box and judge it by what was seen from outside.

    COMMAND is an installed MCP server that speaks over stdio, for example:
    zu test-plugin --egress api.example.com -- python server.py
    """
    if list_cases:
        cases.print_list()
        raise typer.Exit
    environment = Environment.of_process()
    flags = Flags(
        egress=tuple(egress or ()),
        exec=tuple(exec_ or ()),
        write=tuple(write or ()),
        read=tuple(read or ()),
    )
    request = Request(
        installation=command_line(command, environment.path),
        declared=declared(flags, config, default=Path(config_file.DEFAULT_NAME)),
        mounts=tuple(directory(path, flag="--mount") for path in mount or ()),
        workspace=None if workspace is None else directory(workspace, flag="--workspace"),
        environment=variables(env or ()),
        cases=cases.known(case or ()),
        seed=secrets.randbits(32) if seed is None else seed,
        whole_seconds=timeout,
        call_seconds=call_timeout,
    )
    outputs = Outputs(
        json=json, report=None if report is None else made(report), log=log, quiet=quiet
    )
    # The client library alone takes a second to import; mistakes are answered before that.
    run = load("zu_cli.gating.run:run")
    raise typer.Exit(run(request, outputs, environment))
