"""`zu doctor`."""

import asyncio
from typing import Annotated

import typer

from zu_backends.machine.survey import survey
from zu_cli.diagnosis.show import as_json, as_text
from zu_cli.diagnosis.trial import try_box
from zu_cli.output import write
from zu_core.errors import ExitCode


def doctor(
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, not a table.")
    ] = False,
) -> None:
    """Tell what this machine can enforce: try each mechanism, then probe a real box.

    Exits with 0 if the default box holds, else with 3. Nothing is changed or kept.
    """
    findings = survey()
    trial = asyncio.run(try_box())
    write(as_json(findings, trial) if json else as_text(findings, trial))
    raise typer.Exit(ExitCode.HELD if trial.held else ExitCode.INCONCLUSIVE)
