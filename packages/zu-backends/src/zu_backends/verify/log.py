"""A log is told by its first bytes, and checked."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from zu_backends.verify.findings import Checked
from zu_backends.verify.jsonl import check_jsonl
from zu_backends.verify.sqlite import check_sqlite
from zu_core.errors import ConfigError
from zu_core.note.checkpoint import Checkpoint

_SQLITE: Final = b"SQLite format 3\0"  # sqlite.org/fileformat.html, section 1.3
_JSONL: Final = b"{"

Progress = Callable[[int], None]
"""Called now and then with how many entries were checked."""


def check_log(
    path: Path,
    checkpoints: Iterable[Checkpoint] = (),
    *,
    trace: str | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Check the log at `path`, which is only read, from its first entry to its last.

    Args:
        checkpoints: what was stated of it; their signatures were checked elsewhere.
        trace: check the chain of this trace alone, and no tree.

    Raises:
        LogBroken: at the first break.
        ConfigError: it is no log, or checkpoints are given for a single trace.
        Unavailable: it can't be read.
    """
    heads = tuple(checkpoints)
    if heads and trace is not None:
        raise ConfigError(
            "a checkpoint is about the whole log, not about one trace", advice="give one of both"
        )
    check = check_sqlite if is_sqlite(path) else check_jsonl
    return check(path, heads, trace=trace, progress=progress or _silent)


def is_sqlite(path: Path) -> bool:
    """Return whether the log at `path` is SQLite; False for JSON lines.

    Raises:
        ConfigError: it can't be read, or is neither.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {error.strerror}", advice="check the path"
        ) from error
    if head == _SQLITE:
        return True
    if head.startswith(_JSONL):
        return False
    raise ConfigError(
        f"{path} is no log: it is neither SQLite nor JSON lines",
        advice="name the file that `zu test-plugin` wrote",
    )


def _silent(count: int) -> None:
    del count
