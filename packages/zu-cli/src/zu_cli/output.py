"""Text on its way to a person: stdout and stderr."""

import sys

from zu_core.text import visible

__all__ = ["StdoutClosed", "say", "visible", "write"]


class StdoutClosed(Exception):  # noqa: N818 - no error: the reader has what it wanted
    """Whoever reads stdout reads no more (`zu ... | head`)."""


def write(text: str) -> None:
    """Write `text` to stdout, now.

    Raises:
        StdoutClosed: nobody reads it.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise StdoutClosed from None


def say(text: str) -> None:
    """Write `text` to stderr, now; where nobody listens, the exit code still tells."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return
