"""`zu guard`: its options."""

from pathlib import Path
from typing import Annotated, Final

import typer

from zu_cli.commands import flags
from zu_cli.environment import Environment
from zu_cli.gating.request import Flags, command_line, declared, variables
from zu_cli.guarding.request import Places, Request, limits_of
from zu_cli.loading import load
from zu_core.contracts import Limits

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="COMMAND", help="The command line to run."),
]
Read = Annotated[
    list[Path] | None,
    typer.Option("--read", metavar="DIR", help="A directory that it sees, read-only. Repeatable."),
]
Write = Annotated[
    list[Path] | None,
    typer.Option("--write", metavar="DIR", help="A directory that it may write. Repeatable."),
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="A zu.toml with the envelope.")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="NAME[=VALUE]", help="A variable that it gets. Repeatable."),
]
Memory = Annotated[
    str | None, typer.Option("--memory", metavar="SIZE", help="Of all processes; default 1G.")
]
Disk = Annotated[
    str | None,
    typer.Option("--disk", metavar="SIZE", help="Of home, /tmp and one file; default 128M, 64M."),
]
Processes = Annotated[
    int, typer.Option("--processes", metavar="N", min=1, help="Processes and threads.")
]
Wall = Annotated[
    float | None,
    typer.Option("--wall", metavar="SECONDS", min=0.1, help="How long it may run; default: any."),
]
Cpu = Annotated[
    int | None,
    typer.Option("--cpu", metavar="SECONDS", min=1, help="CPU time of a process; default: any."),
]
Whole = Annotated[
    bool, typer.Option("--record-content", help="Record results in full, not by digest and size.")
]

_DEFAULTS: Final = Limits()


def guard(  # noqa: PLR0917 - typer calls it; each parameter is a flag
    command: Words = None,
    egress: flags.Hosts = None,
    exec_: flags.Programs = None,
    read: Read = None,
    write: Write = None,
    config: Config = None,
    env: Variables = None,
    memory: Memory = None,
    processes: Processes = _DEFAULTS.processes,
    disk: Disk = None,
    wall: Wall = None,
    cpu: Cpu = None,
    record_content: Whole = False,
    log: flags.Log = None,
) -> None:
    """Run a program or a stdio MCP server in a box that is shut by default, on the record.

    Its input, output, signals and exit code pass through: put it before any command, as in
    zu guard --egress api.example.com -- python server.py
    """
    environment = Environment.of_process()
    places = Places.of(read or (), write or ())
    by_flags = Flags(
        egress=tuple(egress or ()),
        exec=tuple(exec_ or ()),
        write=tuple(str(path) for path in places.writable),
    )
    request = Request(
        words=tuple(command or ()),
        installation=command_line(command, environment.path),
        declared=declared(by_flags, config),
        readable=places.readable,
        writable=places.writable,
        environment=variables(env or (), environment.variables),
        limits=limits_of(memory, disk, processes, wall, cpu),
        account=places.account,
        cwd=places.cwd,
        log=log,
        whole=record_content,
    )
    run = load("zu_cli.guarding.run:run")
    raise typer.Exit(run(request, environment))
