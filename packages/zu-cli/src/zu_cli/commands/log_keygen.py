"""`zu log keygen`."""

from pathlib import Path
from typing import Annotated

import typer

from zu_backends.signing import Ed25519Signer
from zu_cli.logs.files import create
from zu_cli.output import write
from zu_core.note.keys import KeyType


def log_keygen(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Of the log, as a URL: example.com/my-log.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The secret key; FILE.pub too.")
    ],
    witness: Annotated[
        bool, typer.Option("--witness", help="A key that cosigns checkpoints of other logs.")
    ] = False,
) -> None:
    """Make a key that signs the checkpoints of one log."""
    signer = Ed25519Signer.generate(name, KeyType.COSIGNATURE if witness else KeyType.ED25519)
    create(output, f"{signer.secret.text()}\n".encode(), mode=0o600)
    create(output.with_name(f"{output.name}.pub"), f"{signer.key}\n".encode(), mode=0o644)
    write(f"{signer.key}\n")
