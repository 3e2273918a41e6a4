"""`zu version`."""

from importlib.metadata import version as version_of

import typer

from zu_cli.output import write


def version() -> None:
    """Print the version."""
    write(f"zu {version_of('zu-cli')}\n")
    raise typer.Exit
