"""The only reader of the process environment; the rest of Zu gets values."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zu_core.errors import ConfigError


@dataclass(frozen=True)
class Environment:
    """What the environment of the process says.

    Attributes:
        path: PATH, by which the target's program is found.
        home: the home directory of the user, or None where the environment names none.
        state: XDG_STATE_HOME if it is an absolute path, as the XDG Base Directory
            Specification asks; or None.
        config: XDG_CONFIG_HOME likewise, or None.
        variables: all of it, for those that a user asks to be passed on.
        debug: ZU_DEBUG is set to something else than "" and "0": faults show tracebacks.
    """

    path: str
    home: Path | None
    state: Path | None
    debug: bool
    variables: Mapping[str, str]
    config: Path | None = None

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Environment":
        """What `variables` say."""
        return cls(
            path=variables.get("PATH", os.defpath),
            home=_absolute(variables.get("HOME", "")),
            state=_absolute(variables.get("XDG_STATE_HOME", "")),
            config=_absolute(variables.get("XDG_CONFIG_HOME", "")),
            debug=variables.get("ZU_DEBUG", "") not in ("", "0"),
            variables=dict(variables),
        )

    @classmethod
    def of_process(cls) -> "Environment":
        """What the environment of this process says."""
        return cls.of(os.environ)  # noqa: TID251 - the one place that reads it

    def state_directory(self) -> Path:
        """Where Zu keeps what outlives a run.

        Raises:
            ConfigError: neither XDG_STATE_HOME nor HOME names a directory.
        """
        if self.state is not None:
            return self.state / "zu"
        if self.home is not None:
            return self.home / ".local" / "state" / "zu"
        raise ConfigError(
            "there is no place for the log: neither HOME nor XDG_STATE_HOME is set",
            advice="name a file with --log PATH",
        )


def _absolute(text: str) -> Path | None:
    path = Path(text)
    return path if path.is_absolute() else None
