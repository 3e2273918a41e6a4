"""Ctrl-C and SIGTERM: the first asks a command to clean up and end, the second ends it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

_R = TypeVar("_R")

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR: Final = b"\x1b[?25h\n"  # DECTCEM; a progress display hides the cursor


class Interruption:
    """Whether a signal asked the command to end.

    Attributes:
        signum: the first signal that did; None while none has.
    """

    def __init__(self) -> None:
        self.signum: int | None = None


def run(main: Callable[[Interruption], Coroutine[Any, Any, _R]]) -> _R:
    """Run `main` in an event loop, to which the first signal is a cancellation.

    `main` gets the `Interruption` by which it can tell, after `CancelledError`, which
    signal it was. A second signal ends the process at once: boxes die with the process
    that made them.
    """
    interruption = Interruption()
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        task = loop.create_task(main(interruption))

        def on_signal(signum: int) -> None:
            if interruption.signum is not None:
                _end_now(signum)
            interruption.signum = signum
            task.cancel()

        for signum in _SIGNALS:
            loop.add_signal_handler(signum, on_signal, signum)
        try:
            return loop.run_until_complete(task)
        finally:
            for signum in _SIGNALS:
                loop.remove_signal_handler(signum)


def _end_now(signum: int) -> None:
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), _SHOW_CURSOR)
    os._exit(128 + signum)
