"""The errors of the system: one root, each able to say what a person should do.

"No" and "could not tell" are different types: `Refused` is a decision, `Unavailable`
means that the decision or the protection could not be made.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit status of every `zu` command; part of the interface."""

    HELD = 0
    BREACH = 1
    USAGE = 2
    INCONCLUSIVE = 3
    INTEGRITY = 4


class ZuError(Exception):
    """Root of all errors that Zu raises on purpose.

    Attributes:
        message: what is wrong, one sentence without a final full stop.
        advice: what a person should do about it; empty where nothing can be done.
    """

    exit_code: ExitCode = ExitCode.INCONCLUSIVE

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}: {self.advice}" if self.advice else self.message


class Refused(ZuError):
    """A policy said no. Trying again gives the same answer."""

    exit_code = ExitCode.BREACH


class Unavailable(ZuError):
    """A protection, a monitor or a resource could not be had, so nothing was done."""


class IntegrityError(ZuError):
    """Stored evidence is not what was written."""

    exit_code = ExitCode.INTEGRITY


class ProtocolError(ZuError):
    """A peer sent bytes that its protocol does not allow."""


class ConfigError(ZuError):
    """Input of the operator (flag, file, policy text) that can't be accepted as it is."""

    exit_code = ExitCode.USAGE


class PluginError(ZuError):
    """Code that is not ours failed; the failure is contained and recorded."""
