"""All findings about this machine, in the order in which a box needs them."""

import json
import platform
import subprocess  # noqa: TID251 - starts our own attempts; nothing of a tool
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import zu_backends
import zu_core
from zu_backends.boxes.bwrap import SYSTEM_PATHS, find_bwrap, version_of
from zu_backends.boxes.plan import JailSpec
from zu_backends.machine import attempts, files
from zu_backends.machine.finding import Finding, State
from zu_core.errors import Unavailable

SECONDS: Final = 30.0

# Attempts that no protection of the default tier rests on.
_OPTIONAL: Final = ("overlay", "landlock")
_REMEDIES: Final = {
    "overlay": "use Linux 5.11 or later; boxes do without",
    "landlock": "use Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK; boxes do without",
    "proc": "in a container, run it with an uncovered /proc (docker: systempaths=unconfined)",
}


def survey(root: Path = Path("/")) -> tuple[Finding, ...]:
    """Return what was found; takes about half a second."""
    tried = _attempted()
    return (
        files.kernel(platform.release()),
        bubblewrap(),
        *tried,
        files.proc_mounts(root),
        files.inotify(root),
        files.cgroup_v1(root),
        files.cgroup_v2(root),
        files.memory(root),
    )


def bubblewrap() -> Finding:
    """Find the bubblewrap that boxes are made with."""
    try:
        found = find_bwrap()
    except Unavailable as error:
        return Finding(name="bubblewrap", state="missing", found=error.message, remedy=error.advice)
    path = found.executable
    if path not in SYSTEM_PATHS:
        path = str(Path(found.sources[0]) / "_bin" / "bwrap")
    version = ".".join(map(str, version_of(path))) or "of unknown version"
    return Finding(name="bubblewrap", state="ok", found=f"{version}, {path}")


def _attempted() -> tuple[Finding, ...]:
    service = JailSpec()
    directories = {str(Path(one.__path__[0]).parent) for one in (zu_backends, zu_core)}
    command = [sys.executable, "-I", "-S", attempts.__file__, str(service.uid), str(service.gid)]
    try:
        done = subprocess.run(
            [*command, *sorted(directories)],
            capture_output=True,
            env={},
            cwd="/",
            timeout=SECONDS,
            check=False,
        )
        said, told = done.stdout, done.stderr.decode("utf-8", "backslashreplace")
    except (OSError, subprocess.TimeoutExpired) as error:
        said, told = b"", str(error)
    return parse(said, told)


def parse(said: bytes, told: str) -> tuple[Finding, ...]:
    """Return the findings of the attempts; of one without an answer, that it is unknown.

    `told` is what the program complained of.
    """
    answers = {name: answer for name, *answer in map(json.loads, said.splitlines())}
    missing = (None, f"the attempt gave no answer: {told.strip() or 'it ended'}", "")
    return tuple(_finding(name, answers.get(name, missing)) for name in attempts.ATTEMPTS)


def _finding(name: str, answer: Sequence[object]) -> Finding:
    worked, found, remedy = answer
    state: State = "unknown" if worked is None else "ok" if worked else "missing"
    return Finding(
        name=name,
        state=state,
        found=str(found).removeprefix("no box: "),
        remedy="" if worked else str(remedy) or _REMEDIES.get(name, ""),
        needed=name not in _OPTIONAL,
    )
