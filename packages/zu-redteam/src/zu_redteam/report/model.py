"""`ReportModel`: all that a report says, built once; renderers only lay it out.

Its texts are data of the target as it came, cut to what a person reads; renderers make
them safe to show. Secrets of planted credentials are no part of it.
"""

from typing import Literal

import msgspec

from zu_core.contracts import Envelope, Limits

SCHEMA = "zu.report/1"

ItemKind = Literal["call", "start-up", "stage", "list", "said", "program"]


class Envelopes(msgspec.Struct, frozen=True, kw_only=True):
    """What was declared, and where."""

    declared: Envelope
    origin: str


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What was tested.

    Attributes:
        command: its command line, quoted for a shell.
        server, protocol: what it calls itself, and the protocol version agreed on.
        tools: names of its tools.
    """

    command: str
    argv: tuple[str, ...]
    server: str = ""
    protocol: str = ""
    tools: tuple[str, ...] = ()


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence, with the command that brings it about again, if one can."""

    tried: str
    seen: str
    monitor: str
    severity: str
    events: tuple[str, ...]
    case: str = ""
    tool: str = ""
    detail: str = ""
    times: int = 1
    reproduce: str = ""


class ObserverLine(msgspec.Struct, frozen=True, kw_only=True):
    """One observer's answer."""

    name: str
    title: str
    answer: Literal["held", "breach", "undetermined"]
    reason: str
    evidence: tuple[Shown, ...] = ()


class StageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One stage: "ran", "did-not-run" or "unfinished"; `reason` is what it did or why not."""

    name: str
    outcome: Literal["ran", "did-not-run", "unfinished"]
    reason: str
    elapsed_ms: float = 0.0


class ProbeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One check of a self-probe."""

    name: str
    mechanism: str
    outcome: str
    passed: bool
    detail: str = ""
    unseen: tuple[str, ...] = ()


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One self-probe; `passed` if it made checks and every one of them passed."""

    elapsed_ms: float
    passed: bool
    checks: tuple[ProbeLine, ...]


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """What the target ran in."""

    backend: str
    mechanisms: tuple[str, ...]
    mounts: tuple[str, ...]
    limits: Limits


class MonitorLine(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a monitor."""

    name: str
    state: str
    facts: int
    reason: str = ""


class CanaryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One planted credential and how often it was touched."""

    name: str
    path: str
    touched: int


class NeedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Undeclared behaviour."""

    kind: str
    what: str
    text: str
    only_attacked: bool
    evidence: tuple[Shown, ...]


class FactLine(msgspec.Struct, frozen=True, kw_only=True):
    """A fact; `evidence` where a breach or a need rests on it."""

    text: str
    source: str
    event: str
    evidence: Literal["", "breach", "need"] = ""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the timeline with what was seen under it.

    Attributes:
        at_ms: time since the run began.
        input, output: what went to the target and what came back, as text.
        hidden: facts beyond those that are shown.
    """

    kind: ItemKind
    title: str
    at_ms: float
    stage: str
    event: str
    intent: str = ""
    case: str = ""
    outcome: str = ""
    elapsed_ms: float = 0.0
    input: str = ""
    output: str = ""
    facts: tuple[FactLine, ...] = ()
    hidden: int = 0
    evidence: Literal["", "breach", "need"] = ""


class LogPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the record of the run stands.

    Attributes:
        trace: id of the run.
        events: how many it has.
        first, last: positions in the store; 0 where the run was not read from a store.
        head: hash of its last event, hexadecimal, or "".
    """

    trace: str
    events: int
    first: int = 0
    last: int = 0
    head: str = ""


class VerdictLine(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict, its exit code and its one sentence."""

    verdict: str
    label: str
    exit_code: int
    reason: str


class ReportModel(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. Its JSON form is the document of `--json`; the schema is additive.

    Attributes:
        seed: of what was generated.
        cases: the only cases that ran; () where all did.
        again: the command that makes the run again.
    """

    schema: str = SCHEMA
    version: str
    started: str
    elapsed_ms: float
    target: Target
    seed: int | None = None
    cases: tuple[str, ...] = ()
    again: str = ""
    verdict: VerdictLine
    missing: tuple[str, ...]
    observers: tuple[ObserverLine, ...]
    needs: tuple[NeedLine, ...]
    proposal: str
    envelope: Envelopes
    boxes: tuple[Box, ...]
    probes: tuple[Probe, ...]
    stages: tuple[StageLine, ...]
    monitors: tuple[MonitorLine, ...]
    canaries: tuple[CanaryLine, ...]
    timeline: tuple[Item, ...]
    hidden_items: int
    log: LogPlace
