"""What a box is asked for, and what comes back when a program in it ends."""

import msgspec

from zu_core.contracts.envelope import Envelope
from zu_core.contracts.limits import Limits


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """A host path that is visible in the box at the same path.

    Attributes:
        path: absolute path of a file or directory on the host.
        reason: why the box needs it, for the record.
        writable: what programs do below it is done to the host's files; else read-only.
    """

    path: str
    reason: str
    writable: bool = False


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """A planted credential that no honest program has a use for.

    Attributes:
        name: short id for reports, e.g. "aws-credentials".
        path: where it lies, relative to the home of the box; "" for a canary that is
            carried by the environment variable `variable`.
        content: the whole file (or the variable's value), looking like the real thing.
        secrets: the strings within `content` whose disclosure is a breach.
        variable: the environment variable that carries it, if it is not a file.
    """

    name: str
    path: str
    content: str
    secrets: tuple[str, ...]
    variable: str = ""


class BoxSpec(msgspec.Struct, frozen=True, kw_only=True):
    """All that a box is made from.

    Attributes:
        envelope: what the programs in it may do.
        limits: what they may use.
        mounts: host paths that they may read, or also write.
        canaries: what is planted for them to find.
        environment: variables of the programs, beside those that the box sets.
        workspace: host directory whose content is copied into the box's workspace, or "".
        account: uid and gid that programs have on the host where the harness is root; None
            is an account that owns nothing.
    """

    envelope: Envelope = Envelope()
    limits: Limits = Limits()
    mounts: tuple[Mount, ...] = ()
    canaries: tuple[Canary, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    workspace: str = ""
    account: tuple[int, int] | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Resources of a program and all its descendants.

    Attributes:
        cpu_seconds: user and system time.
        peak_memory_bytes: highest sum of resident memory that a sample saw.
        peak_processes: highest number of processes that a sample saw.
        wall_seconds: from the program's start to its end.
    """

    cpu_seconds: float
    peak_memory_bytes: int
    peak_processes: int
    wall_seconds: float


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How a program in a box ended.

    Attributes:
        code: exit status as a shell reports it (128 + N for signal N).
        killed_for: the limit that ended it, or "" where it ended by itself or was
            asked to stop.
        usage: what it used.
    """

    code: int
    usage: Usage
    killed_for: str = ""
