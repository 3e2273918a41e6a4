"""What a person sees on stderr while a gate run goes on: stage, case n of m, time."""

from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from zu_core.text import visible
from zu_redteam.run.progress import Progress


class Display(Protocol):
    """Shows moments of a run for as long as its `with` block lasts."""

    def show(self, moment: Progress) -> None:
        """The run is at `moment`."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


class SilentDisplay:
    """Shows nothing."""

    def show(self, moment: Progress) -> None:
        """See `Display`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None: ...


class PlainDisplay(SilentDisplay):
    """One line for each stage: for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage = ""

    def show(self, moment: Progress) -> None:
        """See `Display`."""
        if moment.stage == self._stage:
            return
        self._stage = moment.stage
        try:
            self._stream.write(f"zu: {moment.elapsed:6.1f} s  stage {visible(moment.stage)}\n")
            self._stream.flush()
        except OSError:
            # Progress is a courtesy: the run goes on where nobody watches it.
            return


class LiveDisplay(SilentDisplay):
    """One line that is drawn again, with the time since the start."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._line = self._bars.add_task("starting", total=None)

    def show(self, moment: Progress) -> None:
        """See `Display`."""
        count = f" {moment.done}/{moment.total}" if moment.total else ""
        case = f" {moment.case}" if moment.case else ""
        text = visible(f"{moment.stage}{count}{case}", newlines=False)
        self._bars.update(self._line, description=text)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.stop()


def display_on(stream: TextIO, *, quiet: bool) -> Display:
    """The display that suits `stream`."""
    if quiet:
        return SilentDisplay()
    console = Console(file=stream)
    if not stream.isatty() or console.is_dumb_terminal:
        return PlainDisplay(stream)
    return LiveDisplay(console)
