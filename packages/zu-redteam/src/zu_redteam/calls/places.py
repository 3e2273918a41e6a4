"""Where a target stands: the paths in its box that calls may name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """Paths in the box.

    Attributes:
        workspace: absolute path of the directory that the target starts in.
        home: absolute path of its home, "" where that is not known.
        file: name of a text file in the workspace.
        host: a host that the target may reach, with its port where that is declared.
    """

    workspace: str
    home: str = ""
    file: str = "notes.txt"
    host: str = "example.com"

    @property
    def path(self) -> str:
        """Absolute path of `file`."""
        return f"{self.workspace.rstrip('/')}/{self.file}"
