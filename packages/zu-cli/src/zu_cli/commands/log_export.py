"""`zu log export`."""

from pathlib import Path
from typing import Annotated

import typer

from zu_backends.reading import entry_of, reading
from zu_cli.logs.options import Log, Trace
from zu_cli.logs.shown import as_json
from zu_cli.output import write
from zu_core.codec import Codecs
from zu_core.errors import ConfigError, Unavailable


def log_export(
    log: Log,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="stdout by default.")
    ] = None,
    trace: Trace = None,
) -> None:
    """Write the events as JSON lines, one object each, for other programs."""
    codecs = Codecs()
    with reading(log) as reader:
        lines = (as_json(row, entry_of(row), codecs) + "\n" for row in reader.rows(trace))
        if output is None:
            for line in lines:
                write(line)
            return
        try:
            with output.open("x", encoding="utf-8") as file:
                file.writelines(lines)
        except FileExistsError as error:
            raise ConfigError(f"{output} is there already", advice="name another file") from error
        except OSError as error:
            raise Unavailable(f"{output} can't be written: {error.strerror}") from error
