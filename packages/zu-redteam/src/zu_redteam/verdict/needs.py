"""What the target did without declaring it, where no observer calls it a breach.

A need is a question to a person: should the tool be allowed to do this? It comes with the
`zu.toml` that would say yes.
"""

from collections.abc import Iterator
from posixpath import basename, dirname
from typing import Literal

import msgspec

from zu_core.contracts import Envelope
from zu_core.events import (
    BoxStarted,
    CanaryTouched,
    Executed,
    FileChanged,
    OpenedForWrite,
    ProgramStarted,
)
from zu_redteam.verdict.answer import Evidence
from zu_redteam.verdict.describe import describe_effect, tried
from zu_redteam.verdict.observed import Fact, ObservedRun
from zu_redteam.verdict.paths import HOME, OPEN_PLACES, is_nothing, is_within, resolve, shorten
from zu_redteam.verdict.startup import start_commands

Kind = Literal["exec", "write", "read"]

_BYTECODE = "/__pycache__/"
_EVIDENCE = 20
_ALWAYS = frozenset({"/", HOME, *OPEN_PLACES})


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an envelope would have to allow.

    Attributes:
        kind: the key of the envelope.
        what: its entry.
        evidence: where it was seen, the first ones.
        only_attacked: it was seen under attack calls only: no reason to declare it.
    """

    kind: Kind
    what: str
    evidence: tuple[Evidence, ...]
    only_attacked: bool = False

    @property
    def text(self) -> str:
        """One line."""
        verb = {"exec": "starts the program", "write": "writes below", "read": "opens"}[self.kind]
        when = " when it is attacked" if self.only_attacked else ""
        return f"{verb} {self.what}{when}"


def needs(run: ObservedRun) -> tuple[Need, ...]:
    """Everything undeclared of `run`, by kind and name."""
    started = start_commands(run)
    found: dict[tuple[Kind, str], list[Fact]] = {}
    context = _Context.of(run)
    for fact in run.facts:
        if fact.event_id in started:
            continue
        for kind, what in context.undeclared(fact):
            found.setdefault((kind, what), []).append(fact)
    return tuple(
        Need(
            kind=kind,
            what=what,
            evidence=tuple(_evidence(fact) for fact in facts[:_EVIDENCE]),
            only_attacked=all(fact.intent == "attack" for fact in facts),
        )
        for (kind, what), facts in sorted(found.items())
    )


class _Context(msgspec.Struct, frozen=True):
    """What counts as declared in one run."""

    envelope: Envelope
    writable: tuple[str, ...]
    readable: tuple[str, ...]
    mounts: tuple[str, ...]
    cwd: str

    @classmethod
    def of(cls, run: ObservedRun) -> "_Context":
        boxes, programs = run.of_type(BoxStarted), run.of_type(ProgramStarted)
        declared = tuple(resolve(path) for path in run.envelope.write)
        return cls(
            run.envelope,
            (*OPEN_PLACES, *declared),
            tuple(resolve(path) for path in run.envelope.read),
            tuple(path for entry in boxes for path in entry.payload.mounts),
            programs[-1].payload.cwd if programs else "",
        )

    def undeclared(self, fact: Fact) -> Iterator[tuple[Kind, str]]:
        """The need that `fact` shows, if any."""
        match fact.effect:
            case Executed(path=path, found=True):
                if basename(path) not in self.envelope.exec:
                    yield "exec", basename(path) or path
            case OpenedForWrite(path=path):
                yield from self._write(resolve(path, self.cwd))
            case FileChanged(path=path, change=change, type=kind):
                # A directory changes when its entries do, and those have facts of their own.
                if not (kind == "directory" and change == "changed"):
                    yield from self._write(resolve(path, self.cwd))
            case CanaryTouched(path=path, access="opened" | "read"):
                whole = resolve(path, HOME)
                if not is_within(whole, self.readable):
                    yield "read", shorten(whole)
            case _:
                return

    def _write(self, path: str) -> Iterator[tuple[Kind, str]]:
        if is_within(path, self.writable) or is_nothing(path):
            return
        if _BYTECODE in path and is_within(path, self.mounts):
            return  # Python tries to keep its bytecode; the mount is read-only
        parent = dirname(path)
        yield "write", shorten(path if parent in _ALWAYS else parent)


def _evidence(fact: Fact) -> Evidence:
    call = fact.call
    return Evidence(
        tried=tried(call, fact),
        seen=describe_effect(fact.effect),
        monitor=fact.source,
        events=((call.event_id,) if call else ()) + (fact.event_id,),
        case=call.payload.case if call else "",
        tool=call.payload.tool if call else "",
        severity="low",
    )
