"""One line on a terminal's stderr that says how far a check is."""

import sys
from time import monotonic
from types import TracebackType
from typing import Final, Self

from zu_cli.output import say

_EVERY_SECONDS: Final = 0.2


class Progress:
    """Shows a count, a few times a second; nothing where stderr is no terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()
        self._next = monotonic() + _EVERY_SECONDS
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._begun:
            say("\r\x1b[K")

    def __call__(self, count: int) -> None:
        """Show that `count` are done."""
        if self._shown and monotonic() >= self._next:
            self._next = monotonic() + _EVERY_SECONDS
            self._begun = True
            say(f"\r{self._what}: {count:,}\x1b[K")
