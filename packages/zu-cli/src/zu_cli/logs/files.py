"""Files of keys, checkpoints and proofs."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from zu_backends.signing import Ed25519Signer
from zu_core.errors import ConfigError, Unavailable
from zu_core.note.keys import NoteKey, SecretKey


def read(path: Path) -> bytes:
    """Return what the file `path` holds.

    Raises:
        ConfigError: it can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {error.strerror}", advice="check the path"
        ) from error


def replace(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Make `path` hold `data`, durably, or leave it as it is.

    Raises:
        Unavailable: it can't be written.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        aside.rename(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise Unavailable(
            f"{path} can't be written: {error.strerror}", advice="choose another place"
        ) from error


def create(path: Path, data: bytes, *, mode: int) -> None:
    """Make the file `path`, which must not be there, with `data`.

    Raises:
        ConfigError: it is there.
        Unavailable: it can't be made.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except FileExistsError as error:
        raise ConfigError(f"{path} is there already", advice="name another file") from error
    except OSError as error:
        raise Unavailable(
            f"{path} can't be written: {error.strerror}", advice="choose another place"
        ) from error


def public_keys(paths: Iterable[Path]) -> tuple[NoteKey, ...]:
    """Return the keys in the files `paths`, one a line; empty lines and # lines are skipped.

    Raises:
        ConfigError: a file can't be read, or a line is no key.
    """
    keys = []
    for path in paths:
        for number, line in enumerate(_text(path).splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                keys.append(NoteKey.parse(line.strip()))
            except ConfigError as error:
                raise ConfigError(
                    f"{path}, line {number}: {error.message}", advice=error.advice
                ) from error
    return tuple(keys)


def signer(path: Path) -> Ed25519Signer:
    """Return the signer whose secret key the file `path` holds.

    Raises:
        ConfigError: it can't be read, or holds none.
    """
    try:
        return Ed25519Signer(SecretKey.parse(_text(path).strip()))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", advice=error.advice) from error


def checkpoint_beside(log: Path) -> Path:
    """Return where the checkpoint of `log` is unless somebody says otherwise."""
    return log.with_name(f"{log.name}.checkpoint")


def _text(path: Path) -> str:
    try:
        return read(path).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text", advice="check the path") from error
