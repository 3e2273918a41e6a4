"""What a run learns about the box from the facts that the box records."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from zu_core.contracts import BoxSpec, Event
from zu_core.events import CanaryPlanted, ProgramStarted, payload_of
from zu_redteam.calls.places import Places

_PREFERRED: Final = "notes.txt"
_ANY_HOST: Final = "example.com"  # reserved for such uses, RFC 2606


def with_workspace(spec: BoxSpec) -> BoxSpec:
    """Return `spec` with a workspace of small sample files, where it has none."""
    if spec.workspace:
        return spec
    return msgspec.structs.replace(spec, workspace=str(files("zu_redteam.calls") / "workspace"))


class Surroundings:
    """Listens to the bus for the paths that the box gives to a program."""

    def __init__(self, spec: BoxSpec) -> None:
        self._relative = {canary.name: canary.path for canary in spec.canaries if canary.path}
        self._file = _sample_file(spec.workspace)
        self._host = _declared_host(spec.envelope.egress)
        self._home = ""
        self._workspace = "."

    def hear(self, event: Event) -> None:
        """Take note of `event`; a subscriber of the bus."""
        if event.type not in (CanaryPlanted.TYPE, ProgramStarted.TYPE):
            return
        payload = payload_of(event)
        if isinstance(payload, ProgramStarted):
            self._workspace = payload.cwd
        elif isinstance(payload, CanaryPlanted):
            relative = self._relative.get(payload.name, "")
            if relative and payload.path.endswith("/" + relative):
                self._home = payload.path.removesuffix("/" + relative) or "/"

    @property
    def places(self) -> Places:
        """The paths known by now."""
        return Places(self._workspace, self._home, self._file, self._host)


def _declared_host(egress: Sequence[str]) -> str:
    """A host that the envelope declares, for calls that name one."""
    for entry in egress:
        name = entry.replace("*.", "www.", 1)
        if "/" not in name:
            return name
    return _ANY_HOST


def _sample_file(workspace: str) -> str:
    """Name of a regular file at the top of the host directory that becomes the workspace."""
    if not workspace or not Path(workspace).is_dir():
        return _PREFERRED
    names = sorted(entry.name for entry in Path(workspace).iterdir() if entry.is_file())
    return _PREFERRED if _PREFERRED in names or not names else names[0]
