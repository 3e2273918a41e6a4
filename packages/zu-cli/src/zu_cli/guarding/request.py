"""What one run of `zu guard` is asked for, checked and frozen; and the box that it means."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zu_backends.boxes.installation import Installation, is_too_broad
from zu_backends.boxes.plan import is_below
from zu_backends.monitors.canary_contents import make_canaries
from zu_cli.gating.request import Declared, directory
from zu_cli.gating.search_path import search_path
from zu_cli.guarding.account import account_for
from zu_cli.guarding.sizes import parse_size
from zu_core.contracts import BoxSpec, Limits, Mount
from zu_core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run.

    Attributes:
        words: the command as it was written.
        installation: the same as a box can run it, with what it needs of this host.
        declared: what it may do.
        readable, writable: files and directories of the user that it may see.
        environment: its variables.
        limits: what it may use.
        account: as of `BoxSpec`.
        cwd: where it starts, or "" for the box's workspace.
        log: the log file, or None for one below the state directory.
        whole: record what the server says in full.
    """

    words: tuple[str, ...]
    installation: Installation
    declared: Declared
    limits: Limits
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    account: tuple[int, int] | None = None
    cwd: str = ""
    log: Path | None = None
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Places:
    """What of the user's files the command may see.

    Attributes:
        account, cwd: as of `Request`.
    """

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    account: tuple[int, int] | None
    cwd: str

    @classmethod
    def of(cls, read: Sequence[Path], write: Sequence[Path]) -> "Places":
        """What the flags --read and --write name.

        Raises:
            ConfigError: one is not there, holds too much, or can't be had in a box.
        """
        readable = tuple(_readable(path) for path in read)
        writable = tuple(directory(path, flag="--write") for path in write)
        here = str(Path.cwd())
        visible = any(is_below(here, str(one)) for one in (*readable, *writable))
        return cls(
            readable=readable,
            writable=writable,
            account=account_for(writable, readable),
            cwd=here if visible else "",
        )


def limits_of(
    memory: str | None, disk: str | None, processes: int, wall: float | None, cpu: int | None
) -> Limits:
    """The limits that the flags name; time is not limited where no flag does.

    Raises:
        ConfigError: a size is none.
    """
    defaults = Limits()
    memory_bytes = parse_size(memory, flag="--memory") if memory else defaults.memory_bytes
    disk_bytes = parse_size(disk, flag="--disk") if disk else defaults.disk_bytes
    return Limits(
        wall_seconds=wall,
        cpu_seconds=cpu,
        memory_bytes=memory_bytes,
        data_bytes=memory_bytes,
        processes=processes,
        disk_bytes=disk_bytes,
        file_bytes=disk_bytes if disk else defaults.file_bytes,
    )


def box_of(request: Request) -> BoxSpec:
    """The box for the command.

    Canaries are files only. A false credential in the environment would be taken for the
    real one by libraries that look there first, and would change what an honest tool does.
    """
    named = [Mount(path=str(one), reason="named by --read") for one in request.readable]
    named += [
        Mount(path=str(one), reason="named by --write", writable=True) for one in request.writable
    ]
    canaries = tuple(one for one in make_canaries(secrets.token_bytes) if one.path)
    return BoxSpec(
        envelope=request.declared.envelope,
        limits=request.limits,
        mounts=(*request.installation.mounts, *named),
        canaries=canaries,
        environment=(*search_path(request.installation), *request.environment),
        account=request.account,
    )


def _readable(path: Path) -> Path:
    if not path.is_file():
        return directory(path, flag="--read")
    found = path.resolve()
    if is_too_broad(str(found)):
        raise ConfigError(f"--read {path} is more than a tool should see")
    return found
