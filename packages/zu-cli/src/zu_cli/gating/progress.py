"""What a person sees on stderr while a gate run goes on: stage, case n of m, time."""

from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from zu_cli.output import visible


class Progress(Protocol):
    """A display that lives as long as its `with` block."""

    def stage(self, name: str) -> None:
        """A stage begins."""
        ...

    def step(self, number: int, total: int, label: str) -> None:
        """Step `number` of `total` of the stage begins; `label` may hold text of the target."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class SilentProgress:
    """Shows nothing."""

    def stage(self, name: str) -> None:
        """See `Progress`."""

    def step(self, number: int, total: int, label: str) -> None:
        """See `Progress`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


class PlainProgress(SilentProgress):
    """One line for each stage: for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def stage(self, name: str) -> None:
        """See `Progress`."""
        try:
            self._stream.write(f"zu: stage {visible(name)}\n")
            self._stream.flush()
        except OSError:
            # Progress is a courtesy: the run goes on where nobody watches it.
            return


class LiveProgress(SilentProgress):
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
        self._stage = ""

    def stage(self, name: str) -> None:
        """See `Progress`."""
        self._stage = visible(name)
        self._bars.update(self._line, description=self._stage)

    def step(self, number: int, total: int, label: str) -> None:
        """See `Progress`."""
        shown = visible(label).replace("\n", "\\n")
        self._bars.update(self._line, description=f"{self._stage} {number}/{total} {shown}")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


def progress_on(stream: TextIO, *, quiet: bool) -> Progress:
    """The display that suits `stream`."""
    if quiet:
        return SilentProgress()
    console = Console(file=stream)
    if not stream.isatty() or console.is_dumb_terminal:
        return PlainProgress(stream)
    return LiveProgress(console)
