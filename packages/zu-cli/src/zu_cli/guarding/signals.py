"""Signals of a guard: they are the command's once it runs; before and after, they end us."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final

from zu_backends.contained.program import ContainedProgram
from zu_cli.failures import Interrupted

FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# A terminal sends these to all processes of a group, and so do we.
_OF_TERMINALS: Final = (signal.SIGINT, signal.SIGHUP)


class Signals:
    """Where a signal goes.

    Attributes:
        program: the command that gets them, or None while there is none.
        signum: the last one that we took for ourselves.
        end: what ends the run.
    """

    def __init__(self) -> None:
        self.program: ContainedProgram | None = None
        self.signum: int | None = None
        self.end: Callable[[], object] = _nothing

    def take(self, signum: int) -> None:
        """Forward `signum`, or end the run."""
        if self.program is not None:
            self.program.signal(signum, group=signum in _OF_TERMINALS)
        else:
            self.signum = signum
            self.end()


def _nothing() -> None:
    """There is no run yet."""


def run(main: Callable[[Signals], Coroutine[Any, Any, int]]) -> int:
    """Run `main` in an event loop and return what it returns.

    Signals that are ignored (nohup, background jobs of a shell) stay so.

    Raises:
        Interrupted: a signal ended it.
    """
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        signals = Signals()
        task = loop.create_task(main(signals))
        signals.end = task.cancel
        taken = [one for one in FORWARDED if signal.getsignal(one) is not signal.SIG_IGN]
        for signum in taken:
            loop.add_signal_handler(signum, signals.take, signum)
        try:
            return loop.run_until_complete(task)
        except asyncio.CancelledError:
            raise Interrupted(signals.signum or signal.SIGINT) from None
        finally:
            for signum in taken:
                loop.remove_signal_handler(signum)
