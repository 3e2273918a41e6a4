"""What one run of `zu test-plugin` is asked for, checked and frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zu_cli.gating import config_file
from zu_cli.gating.launchers import refuse_launcher
from zu_core.contracts import Envelope
from zu_core.errors import ConfigError

_EXAMPLE: Final = "for example:\nzu test-plugin -- python server.py"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """An envelope and where it was declared: for the record and for the person who reads it."""

    envelope: Envelope
    origin: str


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What the flags say about the envelope; see `Envelope`."""

    egress: tuple[str, ...] = ()
    exec: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


def command_line(words: Sequence[str] | None) -> tuple[str, ...]:
    """The command line of the target.

    Raises:
        ConfigError: there is none, or it is one that fetches what it runs.
    """
    if not words:
        raise ConfigError("the command line of the server is missing", advice=_EXAMPLE)
    if not words[0]:
        raise ConfigError("the command line begins with an empty word", advice=_EXAMPLE)
    refuse_launcher(words)
    return tuple(words)


def declared(flags: Flags, config: Path | None, *, default: Path) -> Declared:
    """The envelope of the file `config` (else of `default`, if it is there) and of `flags`.

    Raises:
        ConfigError: the file or a flag is not acceptable.
    """
    by_flags = _of_flags(flags)
    path = config if config is not None else default if default.exists() else None
    by_file = Envelope() if path is None else config_file.load(path)
    origins = [str(path)] if path is not None and by_file != Envelope() else []
    origins += ["flags"] if by_flags != Envelope() else []
    return Declared(envelope=_union(by_file, by_flags), origin=" and ".join(origins) or "nowhere")


def _of_flags(flags: Flags) -> Envelope:
    values = {key: getattr(flags, key) for key in ("egress", "exec", "write", "read")}
    for key, entries in values.items():
        for entry in entries:
            try:
                # One at a time, so that the error can name the flag that is refused.
                Envelope(**{key: (entry,)})
            except ConfigError as error:
                raise ConfigError(f"--{key}: {error.message}", advice=error.advice) from error
    return Envelope(**values)


def _union(first: Envelope, second: Envelope) -> Envelope:
    return Envelope(
        **{
            key: tuple(dict.fromkeys((*getattr(first, key), *getattr(second, key))))
            for key in config_file.KEYS
        }
    )


def variables(assignments: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The `NAME=VALUE` of --env, in order; a later one of the same name replaces an earlier.

    Raises:
        ConfigError: one is not of that form.
    """
    found: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name or "\0" in assignment:
            raise ConfigError(
                f"--env {assignment!r} is no NAME=VALUE", advice="write it as --env TZ=UTC"
            )
        found[name] = value
    return tuple(found.items())


def directory(path: Path, *, flag: str) -> Path:
    """`path`, absolute and without symbolic links.

    Raises:
        ConfigError: it is no directory, or it is the root of the file system.
    """
    try:
        found = path.resolve(strict=True)
    except OSError as error:
        raise ConfigError(
            f"{flag} {path}: {error.strerror}", advice="name a directory that is there"
        ) from error
    if not found.is_dir():
        raise ConfigError(f"{flag} {path} is no directory", advice="name the directory around it")
    if found == Path(found.anchor):
        raise ConfigError(
            f"{flag} {path} would show the whole host",
            advice="name the directory that the server needs",
        )
    return found
