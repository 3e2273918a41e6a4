"""`zu log check-proof`."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from zu_backends.reading import entry_of
from zu_backends.signing import Ed25519Verifier
from zu_backends.verify.entries import read_preimage
from zu_cli.logs.files import public_keys, read
from zu_cli.logs.options import Json, Keys, Quorum
from zu_cli.logs.shown import as_json as event_as_json
from zu_cli.logs.shown import as_page
from zu_cli.output import write
from zu_core.codec import Codecs
from zu_core.errors import ConfigError
from zu_core.note.checkpoint import Trust
from zu_core.note.proof import Proof, parse_proof, verify_proof
from zu_core.text import visible


def log_check_proof(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A proof (.tlog-proof).")],
    key: Keys = None,
    quorum: Quorum = None,
    entry_hash: Annotated[
        str | None,
        typer.Option("--hash", metavar="HEX", help="The event's hash, for a proof without it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that an event is in a log, by a proof and the log's key alone."""
    trust = Trust.of(public_keys(key or []), quorum=quorum)
    proof = parse_proof(read(file))
    leaf = _leaf(proof, entry_hash)
    signed = verify_proof(proof, leaf, trust, Ed25519Verifier())
    head = signed.checkpoint
    event = None
    if proof.extra is not None:
        row = (proof.index + 1, *read_preimage(proof.extra)[1:])
        event = row, entry_of(row), Codecs()
    if as_json:
        result = {
            "holds": True,
            "origin": head.origin,
            "size": head.size,
            "position": proof.index + 1,
            "hash": leaf.hex(),
            "signed": [{"key": who.key.name, "time": who.time} for who in signed.signed],
            "event": None if event is None else json.loads(event_as_json(*event)),
        }
        write(json.dumps(result, ensure_ascii=False) + "\n")
        return
    names = ", ".join(who.key.name for who in signed.signed)
    place = f"at {proof.index + 1} of {head.size} in {head.origin}"
    write(visible(f"the event is {place}; signed by {names}\n"))
    if event is not None:
        write(as_page(*event) + "\n")


def _leaf(proof: Proof, entry_hash: str | None) -> bytes:
    """Return the hash that the proof is about: of the event in it, or the one given."""
    given = None
    if entry_hash is not None:
        try:
            given = bytes.fromhex(entry_hash)
        except ValueError as error:
            raise ConfigError("--hash is not hexadecimal", advice="give 64 digits") from error
        if len(given) != 32:
            raise ConfigError("--hash has not 64 digits", advice="zu log prove shows it")
    if proof.extra is not None:
        found = sha256(proof.extra).digest()
        if given not in (None, found):
            raise ConfigError("the proof is about another event than --hash")
        return found
    if given is None:
        raise ConfigError(
            "the proof was made without its event", advice="give the event's hash with --hash HEX"
        )
    return given
