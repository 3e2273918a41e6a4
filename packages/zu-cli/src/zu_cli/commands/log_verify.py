"""`zu log verify`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from zu_backends.signing import Ed25519Verifier
from zu_backends.verify.findings import Checked, LogBroken
from zu_backends.verify.log import check_log
from zu_cli.logs.files import public_keys, read
from zu_cli.logs.options import Json, Keys, Log, Quorum, Trace
from zu_cli.logs.progress import Progress
from zu_cli.output import write
from zu_core.errors import ConfigError
from zu_core.note.checkpoint import SignedCheckpoint, Trust, verify_checkpoint
from zu_core.text import visible


def log_verify(
    log: Log,
    *,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", metavar="FILE", help="What was signed of it before."),
    ] = None,
    key: Keys = None,
    quorum: Quorum = None,
    trace: Trace = None,
    as_json: Json = False,
) -> None:
    """Check that a log is what was written; with checkpoints, that it is still all of it."""
    signed = _signed(checkpoint or [], key or [], quorum)
    try:
        with Progress("events checked") as progress:
            heads = [each.checkpoint for _, each in signed]
            checked = check_log(log, heads, trace=trace, progress=progress)
    except LogBroken as broken:
        if as_json:
            write(json.dumps(_broken(log, broken)) + "\n")
        raise
    if not checked.entries:
        raise ConfigError(
            f"{log} holds no event of trace {trace!r}" if trace else f"{log} holds no events",
            advice="check the id after --trace" if trace else "check the path",
        )
    write(
        json.dumps(_whole(log, checked, signed)) + "\n" if as_json else _text(log, checked, signed)
    )


def _signed(
    paths: list[Path], keys: list[Path], quorum: int | None
) -> list[tuple[Path, SignedCheckpoint]]:
    """Return the checkpoints in `paths`, whose signatures hold."""
    if not paths:
        return []
    if not keys:
        raise ConfigError(
            "a checkpoint is worth what its signature is worth",
            advice="give the key of the log with --key FILE",
        )
    trust = Trust.of(public_keys(keys), quorum=quorum)
    return [(path, verify_checkpoint(read(path), trust, Ed25519Verifier())) for path in paths]


def _text(log: Path, checked: Checked, signed: list[tuple[Path, SignedCheckpoint]]) -> str:
    events = "1 event is" if checked.entries == 1 else f"{checked.entries} events are"
    lines = [f"{log}: {events} as written"]
    if checked.torn:
        lines.append(f"    {checked.torn} bytes behind them are of an append that did not finish")
    for path, each in signed:
        names = ", ".join(who.key.name for who in each.signed)
        lines.append(f"    {path}: its {each.checkpoint.size} events are the first; {names}")
    return visible("\n".join(lines) + "\n")


def _whole(
    log: Path, checked: Checked, signed: list[tuple[Path, SignedCheckpoint]]
) -> dict[str, Any]:
    return {
        "log": str(log),
        "whole": True,
        "events": checked.entries,
        "traces": checked.traces,
        "size": checked.size,
        "root": None if checked.root is None else checked.root.hex(),
        "torn_bytes": checked.torn,
        "checkpoints": [
            {
                "file": str(path),
                "origin": each.checkpoint.origin,
                "size": each.checkpoint.size,
                "signed": [{"key": who.key.name, "time": who.time} for who in each.signed],
            }
            for path, each in signed
        ],
    }


def _broken(log: Path, broken: LogBroken) -> dict[str, Any]:
    return {
        "log": str(log),
        "whole": False,
        "kind": broken.kind.value,
        "position": broken.position,
        "trace": broken.trace or None,
        "detail": broken.detail,
    }
