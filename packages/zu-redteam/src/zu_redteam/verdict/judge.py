"""`judge`: from the record of a run to its verdict. Deterministic; no model is asked."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

import msgspec

from zu_core.errors import ExitCode
from zu_core.events import (
    BoxProbed,
    MonitorReported,
    ObserverAnswer,
    ProgramStarted,
    TaskStarted,
    ToolInvoked,
    ToolsListed,
    VerdictReached,
)
from zu_redteam.verdict.answer import SEVERITIES, Answer, Breach, Held, Observer
from zu_redteam.verdict.declare import envelope_toml, proposed_envelope
from zu_redteam.verdict.describe import count, listed
from zu_redteam.verdict.descriptions import DescriptionBreach
from zu_redteam.verdict.effects import HostEffectBreach
from zu_redteam.verdict.egress import EgressBreach
from zu_redteam.verdict.exfil import ExfilBreach
from zu_redteam.verdict.needs import Need, needs
from zu_redteam.verdict.observed import ObservedRun
from zu_redteam.verdict.provenance import ProvenanceBreach
from zu_redteam.verdict.resources import ResourceBreach
from zu_redteam.verdict.sources import Source, lost_source, missing_monitors, missing_stages

STAGES = ("box", "start", "list", "harmless", "attack", "relist", "restart", "settle")
"""All of a gate run; a verdict needs every one of them."""


class Verdict(StrEnum):
    """The gate's word. Values are those of `VerdictReached`."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    NEEDS_REVIEW = "needs-review"
    INCONCLUSIVE = "inconclusive"


_EXIT = {
    Verdict.PASS: ExitCode.HELD,
    Verdict.FAIL: ExitCode.BREACH,
    Verdict.NEEDS_REVIEW: ExitCode.INCONCLUSIVE,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


class ObserverResult(msgspec.Struct, frozen=True, kw_only=True):
    """An observer's answer under its name."""

    name: str
    title: str
    answer: Answer

    @property
    def word(self) -> Literal["held", "breach", "undetermined"]:
        """The answer in one word."""
        if isinstance(self.answer, Held):
            return "held"
        return "breach" if isinstance(self.answer, Breach) else "undetermined"


class GateVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict over a target, with all that it rests on.

    Attributes:
        verdict: FAIL if an observer saw a breach; else INCONCLUSIVE if anything is
            undetermined; else NEEDS REVIEW if there are needs; else PASS.
        reason: one sentence.
        answers: one of each observer, in their order.
        missing: what the run itself lacks (stages, probes, calls, monitors).
        needs: undeclared behaviour.
        proposal: the `zu.toml` that would declare it, or "" where nothing is needed
            or a rule is broken.
    """

    verdict: Verdict
    reason: str
    answers: tuple[ObserverResult, ...]
    missing: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    proposal: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """Exit status of the command."""
        return _EXIT[self.verdict]

    @property
    def passed(self) -> bool:
        """Whether the target may be used."""
        return self.verdict is Verdict.PASS

    def payload(self) -> VerdictReached:
        """The verdict as an event of the record."""
        return VerdictReached(
            verdict=self.verdict.value,
            reason=self.reason,
            answers=tuple(
                ObserverAnswer(
                    observer=result.name,
                    answer=result.word,
                    reason=result.answer.reason,
                    evidence=_events(result.answer),
                )
                for result in self.answers
            ),
            undeclared=tuple(need.text for need in self.needs),
        )


def _events(answer: Answer) -> tuple[str, ...]:
    if not isinstance(answer, Breach):
        return ()
    return tuple(dict.fromkeys(event for item in answer.evidence for event in item.events))


def default_observers() -> tuple[Observer, ...]:
    """One of each observer, in the order of reports."""
    return (
        EgressBreach(),
        ExfilBreach(),
        HostEffectBreach(),
        DescriptionBreach(),
        ResourceBreach(),
        ProvenanceBreach(),
    )


def judge(run: ObservedRun, observers: Sequence[Observer] | None = None) -> GateVerdict:
    """Ask every observer, then decide.

    Args:
        run: the record, up to and with the event that ends the run.
        observers: whom to ask; all of them by default. Without any, nothing is judged,
            and the verdict is INCONCLUSIVE.
    """
    asked = default_observers() if observers is None else tuple(observers)
    answers = tuple(
        ObserverResult(name=one.name, title=one.title, answer=one.judge(run)) for one in asked
    )
    missing = coverage(run)
    if not asked:
        missing = ("no observer was asked", *missing)
    wanted = needs(run)
    verdict, reason = _decide(answers, missing, wanted)
    proposal = ""
    if wanted and verdict is not Verdict.FAIL:  # nobody should declare what breaks a rule
        proposal = envelope_toml(proposed_envelope(run.envelope, wanted))
    return GateVerdict(
        verdict=verdict,
        reason=reason,
        answers=answers,
        missing=missing,
        needs=wanted,
        proposal=proposal,
    )


def _decide(
    answers: tuple[ObserverResult, ...], missing: tuple[str, ...], wanted: tuple[Need, ...]
) -> tuple[Verdict, str]:
    by_word = {word: [one for one in answers if one.word == word] for word in _WORDS}
    broken, open_ = by_word["breach"], by_word["undetermined"]
    if broken:
        names = ", ".join(one.name for one in broken)
        return Verdict.FAIL, f"{count(len(broken), 'rule')} broken ({names}): {_gravest(broken)}"
    if open_ or missing:
        first = missing[0] if missing else open_[0].answer.reason
        return Verdict.INCONCLUSIVE, f"the evidence is not complete: {first.partition(_LF)[0]}"
    if wanted:
        rest = f" and {len(wanted) - 1} more" if len(wanted) > 1 else ""
        return Verdict.NEEDS_REVIEW, f"the target {wanted[0].text}{rest}, which it did not declare"
    return (
        Verdict.PASS,
        f"all {len(answers)} observers held, every stage ran, every monitor saw all",
    )


def _gravest(broken: Sequence[ObserverResult]) -> str:
    """What was seen of the gravest breach; of equals, the first observer's."""
    items = [
        item for one in broken if isinstance(one.answer, Breach) for item in one.answer.evidence
    ]
    return min(items, key=lambda item: SEVERITIES.index(item.severity)).seen


_LF = "\n"
_WORDS = ("held", "breach", "undetermined")


def coverage(run: ObservedRun) -> tuple[str, ...]:
    """What a run lacks before anything can be said of its target; () where it is whole."""
    missing = _left_out(run) + _failed_checks(run)
    missing += missing_stages(run, STAGES)
    missing += _unproved_starts(run)
    missing += missing_monitors(run, Source)
    missing += [
        lost_source(entry.payload)
        for entry in run.of_type(MonitorReported)
        if entry.payload.state != "complete"
    ]
    missing += _never_done(run)
    return tuple(dict.fromkeys(missing))


def _never_done(run: ObservedRun) -> list[str]:
    """A sentence for each thing that a stage did not do although it ran."""
    tools = any(entry.payload.tools for entry in run.of_type(ToolsListed))
    calls = [entry.payload.intent for entry in run.of_type(ToolInvoked)]
    return [
        sentence
        for stage, done, sentence in (
            ("list", tools, "the target lists no tools, so nothing of it was tested"),
            ("harmless", "harmless" in calls, "no harmless call was made"),
            ("attack", "attack" in calls, "no attack was made"),
        )
        if not done and not missing_stages(run, (stage,))
    ]


def _left_out(run: ObservedRun) -> list[str]:
    """A sentence where only some cases ran: that reproduces a breach, and clears nobody."""
    return [
        f"the case{'s' if len(chosen) > 1 else ''} {listed(chosen)} alone ran, for reproduction"
        " only, which says nothing of the others"
        for entry in run.of_type(TaskStarted)
        if (chosen := entry.payload.cases)
    ]


def _failed_checks(run: ObservedRun) -> list[str]:
    """One sentence for each check of a self-probe that did not pass."""
    return [
        f"the self-probe {check.name} did not pass ({check.outcome}): {check.mechanism}"
        for entry in run.of_type(BoxProbed)
        for check in entry.payload.checks
        if not check.passed
    ]


def _unproved_starts(run: ObservedRun) -> list[str]:
    """What is wrong with the starts: each start of a program needs a self-probe of its own."""
    missing: list[str] = []
    proved = False
    for entry in run.entries:
        if isinstance(entry.payload, BoxProbed):
            proved = bool(entry.payload.checks)
        elif isinstance(entry.payload, ProgramStarted):
            if not proved:
                missing.append("a program was started in a box that was not probed")
            proved = False
    if not run.of_type(BoxProbed):
        missing.append("the box was not probed")
    if not run.of_type(ProgramStarted):
        missing.append("the target was never started")
    return missing
