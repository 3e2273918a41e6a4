"""The flags with which a run can be made again, for the record and for reports.

They make the same box and the same calls. What only says where results go is left out.
"""

from collections.abc import Sequence
from pathlib import Path

from zu_cli.gating.request import Flags, Request


def flags_again(
    flags: Flags, config: Path | None, request: Request, variables: Sequence[str]
) -> tuple[str, ...]:
    """The flags of `request` beside the seed and the cases.

    Paths are absolute, so that they hold in any directory.

    Args:
        flags: what they say about the envelope.
        config: the file that declares the rest of it, or None.
        variables: as they were given: `NAME=VALUE`, or `NAME` for one that is passed on,
            whose value stays out of the record.
    """
    pairs = [
        *([("--config", str(config.absolute()))] if config is not None else []),
        *(("--egress", entry) for entry in flags.egress),
        *(("--exec", entry) for entry in flags.exec),
        *(("--write", entry) for entry in flags.write),
        *(("--read", entry) for entry in flags.read),
        *(("--mount", str(path)) for path in request.mounts),
        *([("--workspace", str(request.workspace))] if request.workspace else []),
        *(("--env", variable) for variable in variables),
        *_seconds("--timeout", request.whole_seconds, Request.whole_seconds),
        *_seconds("--call-timeout", request.call_seconds, Request.call_seconds),
    ]
    return tuple(word for pair in pairs for word in pair)


def _seconds(flag: str, seconds: float, default: float) -> list[tuple[str, str]]:
    return [] if seconds == default else [(flag, f"{seconds:g}")]
