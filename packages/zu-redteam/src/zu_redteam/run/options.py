"""What a person may choose about a gate run."""

from dataclasses import dataclass, field

from zu_redteam.mcp.patience import Patience


@dataclass(frozen=True, slots=True)
class GateOptions:
    """Bounds and choices of one run. Times in seconds.

    Attributes:
        cases: ids of the only cases to run; empty for all. With it, a run is made for
            reproduction: one harmless call of each tool, and no more to reach `calls`.
        seed: decides arguments, markers and order; the same seed makes the same calls.
        patience: how long the target is waited for.
        harmless: harmless calls of each tool.
        calls: calls of each tool altogether, at least, so that one that changes after some
            calls shows it.
        top_up: harmless calls that may be added for that, for all tools together.
        attacks_per_tool, attacks: attack calls, at most.
        restarts: how often a target that ended or hangs is started again in a stage.
        timeouts: calls without an answer after which a stage is given up.
        quiet: how long no fact may come before a call counts as over.
        last_quiet: the same at the end of the run.
        exit: how long the target may take to end after its input was closed.
        whole: the whole run, after which remaining stages do not run.
        flags: of the command line that made the box, so that a report can say how to make
            the run again; for the record.
        origin: where the envelope was declared, for the record.
        version: of the harness, for the record.
    """

    cases: frozenset[str] = frozenset()
    seed: int = 0
    patience: Patience = field(default_factory=Patience)
    harmless: int = 3
    calls: int = 13
    top_up: int = 150
    attacks_per_tool: int = 60
    attacks: int = 400
    restarts: int = 5
    timeouts: int = 5
    quiet: float = 0.015
    last_quiet: float = 0.5
    exit: float = 1.0
    whole: float = 300.0
    flags: tuple[str, ...] = ()
    origin: str = ""
    version: str = ""
