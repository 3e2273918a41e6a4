"""`zu log prove`."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from zu_backends.reading import reading
from zu_backends.verify.entries import preimage
from zu_cli.logs.files import checkpoint_beside, read, replace
from zu_cli.logs.options import Log
from zu_cli.output import write
from zu_core.errors import ConfigError, IntegrityError
from zu_core.note.checkpoint import Checkpoint
from zu_core.note.proof import Proof
from zu_core.note.signed import parse_note
from zu_core.text import visible


def log_prove(
    log: Log,
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The proof (.tlog-proof).")
    ],
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="LOG.checkpoint by default."),
    ] = None,
    bare: Annotated[
        bool, typer.Option("--bare", help="Leave the event out; its hash is shown instead.")
    ] = False,
) -> None:
    """Write a proof that an event is in the log, to be checked without the log."""
    note = read(checkpoint or checkpoint_beside(log))
    head = Checkpoint.parse(parse_note(note).text)
    with reading(log) as reader:
        row = reader.find(event_id)
        entry = preimage(row)
        view = reader.tree
        if row[0] > head.size:
            raise ConfigError(
                f"the event stands at {row[0]}, the checkpoint ends at {head.size}",
                advice="make a newer one: zu log checkpoint",
            )
        if sha256(entry).digest() != row[12] or head.size > view.size:
            raise _other()
        path = view.inclusion(row[0], head.size)
        if view.root(head.size) != head.root:
            raise _other()
    proof = Proof(row[0] - 1, path, note, None if bare else entry)
    replace(output, proof.encode())
    write(f"{visible(str(output))}: event {row[0]} of {head.size}, hash {row[12].hex()}\n")


def _other() -> IntegrityError:
    return IntegrityError(
        "the log is not the one that the checkpoint states",
        advice="zu log verify with this checkpoint says where",
    )
