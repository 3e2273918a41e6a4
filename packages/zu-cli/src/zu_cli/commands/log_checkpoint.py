"""`zu log checkpoint`."""

from pathlib import Path
from typing import Annotated

import typer

from zu_backends.signing import Ed25519Verifier
from zu_backends.verify.log import check_log
from zu_cli.logs.files import checkpoint_beside, read, replace, signer
from zu_cli.logs.options import Log
from zu_cli.logs.progress import Progress
from zu_cli.output import write
from zu_core.errors import ConfigError
from zu_core.note.checkpoint import Checkpoint, Trust, sign_checkpoint, verify_checkpoint
from zu_core.text import visible


def log_checkpoint(
    log: Log,
    sign_key: Annotated[
        Path, typer.Option("--sign-key", metavar="FILE", help="The secret key of the log.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to; LOG.checkpoint by default."),
    ] = None,
) -> None:
    """Check a log and sign what it is now; keep the file elsewhere.

    What the file held before must be an earlier state of the same log.
    """
    place = output or checkpoint_beside(log)
    own = signer(sign_key)
    trust = Trust.of([own.key])
    before: Checkpoint | None = None
    if place.exists():
        before = verify_checkpoint(read(place), trust, Ed25519Verifier()).checkpoint
    with Progress("events checked") as progress:
        checked = check_log(log, [before] if before else [], progress=progress)
    if checked.size is None or checked.root is None:
        raise ConfigError(f"{log} has no tree")
    head = Checkpoint(own.key.name, checked.size, checked.root)
    if before == head:
        write(f"{visible(str(place))}: as it is, {head.size} events\n")  # keeps its cosignatures
        return
    replace(place, sign_checkpoint(head, [own]).encode())
    write(f"{visible(str(place))}: {head.size} events\n")
