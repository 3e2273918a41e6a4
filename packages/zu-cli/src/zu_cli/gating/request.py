"""What one run of `zu test-plugin` is asked for, checked and frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zu_backends.boxes.installation import Installation, find_installation, is_too_broad
from zu_cli.gating import config_file
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


def command_line(words: Sequence[str] | None, search_path: str) -> Installation:
    """The command line of the target, with what it needs of this host.

    `search_path` is PATH as text.

    Raises:
        ConfigError: there is none; its program can't be found, or can't be shown to a box.
    """
    if not words or not words[0]:
        raise ConfigError("the command line of the server is missing", advice=_EXAMPLE)
    return find_installation(words, search_path, str(Path.cwd()))


def config_in_use(config: Path | None, *, default: Path) -> Path | None:
    """The file that declares an envelope: `config`, else `default` if it is there."""
    return config if config is not None else default if default.exists() else None


def declared(flags: Flags, config: Path | None) -> Declared:
    """The envelope of the file `config`, if there is one, and of `flags`.

    Raises:
        ConfigError: the file or a flag is not acceptable.
    """
    by_flags = _of_flags(flags)
    by_file = Envelope() if config is None else config_file.load(config)
    origins = [str(config)] if config is not None and by_file != Envelope() else []
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


def variables(assignments: Sequence[str], own: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The variables that --env names, in order; a later one replaces an earlier of its name.

    `NAME` alone has the value that it has in `own`, the environment of this process.

    Raises:
        ConfigError: one is neither `NAME=VALUE` nor the name of a variable of `own`.
    """
    found: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not name or "\0" in assignment:
            raise ConfigError(
                f"--env {assignment!r} is no NAME=VALUE", advice="write it as --env TZ=UTC"
            )
        if not equals and name not in own:
            raise ConfigError(
                f"--env {name!r} is not set here, so it can't be passed on",
                advice=f"set it, or write --env {name}=VALUE",
            )
        found[name] = value if equals else own[name]
    return tuple(found.items())


def directory(path: Path, *, flag: str) -> Path:
    """`path`, absolute and without symbolic links.

    Raises:
        ConfigError: it is no directory, or one that holds a person's or the system's own.
    """
    try:
        found = path.resolve(strict=True)
    except OSError as error:
        raise ConfigError(
            f"{flag} {path}: {error.strerror}", advice="name a directory that is there"
        ) from error
    if not found.is_dir():
        raise ConfigError(f"{flag} {path} is no directory", advice="name the directory around it")
    if is_too_broad(str(found)):
        raise ConfigError(
            f"{flag} {path} holds more than a server should see",
            advice="name the directory that the server needs, such as its sources",
        )
    return found


def made(report: Path) -> Path:
    """The directory for the page, made before the run, which would be for nothing without it.

    Raises:
        ConfigError: it can't be made.
    """
    try:
        report.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--report {report}: {error.strerror}", advice="name a directory that can be written"
        ) from error
    return report.absolute()


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run of the gate.

    Attributes:
        installation: command line of the target, and what it needs of this host.
        declared: what it may do.
        mounts: host directories that it sees, read-only, beside its own files.
        workspace: host directory whose content is copied into its workspace, or None.
        environment: variables of the target.
        cases: ids of the attack cases to run; empty for all.
        seed: of the generated arguments and markers; the target can't know a fresh one.
        whole_seconds: how long the run may take.
        call_seconds: how long one call may take.
        again: the flags that make this run again, beside the seed and the cases.
    """

    installation: Installation
    declared: Declared
    seed: int
    mounts: tuple[Path, ...] = ()
    workspace: Path | None = None
    environment: tuple[tuple[str, str], ...] = ()
    cases: frozenset[str] = frozenset()
    whole_seconds: float = 300.0
    call_seconds: float = 10.0
    again: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where the result goes beside the exit code.

    Attributes:
        json: one JSON document on stdout instead of the table.
        report: directory for the HTML page, or None.
        log: the log file, or None for one below the state directory.
        quiet: no progress on stderr.
    """

    json: bool = False
    report: Path | None = None
    log: Path | None = None
    quiet: bool = False
