"""`zu test-plugin`: its options. The name of this file does not begin with `test_`, since
test runners collect such files.
"""

import secrets
from dataclasses import replace
from pathlib import Path

import typer

from zu_cli.commands import flags
from zu_cli.environment import Environment
from zu_cli.gating import cases, config_file
from zu_cli.gating.again import flags_again
from zu_cli.gating.request import (
    Flags,
    Outputs,
    Request,
    command_line,
    config_in_use,
    declared,
    directory,
    made,
    variables,
)
from zu_cli.loading import load


def gate_plugin(  # noqa: PLR0917 - typer calls it; each parameter is a flag
    command: flags.Words = None,
    egress: flags.Hosts = None,
    exec_: flags.Programs = None,
    write: flags.Writable = None,
    read: flags.Readable = None,
    config: flags.Config = None,
    mount: flags.Mounts = None,
    workspace: flags.Workspace = None,
    env: flags.Variables = None,
    case: flags.Cases = None,
    list_cases: flags.ListCases = False,
    timeout: flags.WholeSeconds = Request.whole_seconds,
    call_timeout: flags.CallSeconds = Request.call_seconds,
    seed: flags.Seed = None,
    json: flags.Json = False,
    report: flags.Report = None,
    log: flags.Log = None,
    quiet: flags.Quiet = False,
) -> None:
    """Attack a tool server in a box and judge it by what was seen from outside.

    COMMAND is an installed MCP server that speaks over stdio, for example:
    zu test-plugin --egress api.example.com -- python server.py
    """
    if list_cases:
        cases.print_list()
        raise typer.Exit
    environment = Environment.of_process()
    declared_by_flags = Flags(
        egress=tuple(egress or ()),
        exec=tuple(exec_ or ()),
        write=tuple(write or ()),
        read=tuple(read or ()),
    )
    in_use = config_in_use(config, default=Path(config_file.DEFAULT_NAME))
    request = Request(
        installation=command_line(command, environment.path),
        declared=declared(declared_by_flags, in_use),
        mounts=tuple(directory(path, flag="--mount") for path in mount or ()),
        workspace=None if workspace is None else directory(workspace, flag="--workspace"),
        environment=variables(env or (), environment.variables),
        cases=cases.known(case or ()),
        seed=secrets.randbits(32) if seed is None else seed,
        whole_seconds=timeout,
        call_seconds=call_timeout,
    )
    request = replace(request, again=flags_again(declared_by_flags, in_use, request, env or ()))
    outputs = Outputs(
        json=json, report=None if report is None else made(report), log=log, quiet=quiet
    )
    # The client library alone takes a second to import; mistakes are answered before that.
    run = load("zu_cli.gating.run:run")
    raise typer.Exit(run(request, outputs, environment))
