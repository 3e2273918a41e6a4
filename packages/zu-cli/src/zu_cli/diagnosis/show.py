"""A diagnosis as text for a person, and as one JSON document."""

from collections.abc import Iterator
from typing import Final

import msgspec

from zu_backends.machine.finding import Finding
from zu_cli.diagnosis.trial import Trial
from zu_core.events import ProbeCheck
from zu_core.text import visible

_WIDTH: Final = 20
HOLDS: Final = "The default box holds on this machine."
FAILS: Final = "The default box does not hold on this machine; no target is run in it."


def as_text(findings: tuple[Finding, ...], trial: Trial) -> str:
    """Return what a person reads."""
    lines = ["This machine", *_machine(findings), "", "A box, probed from inside"]
    lines += [*_box(trial), "", HOLDS if trial.held else FAILS]
    return "".join(f"{line}\n" for line in lines)


def as_json(findings: tuple[Finding, ...], trial: Trial) -> str:
    """Return one document: the findings, the checks, and whether the default tier holds."""
    checks = [{"passed": one.passed, **msgspec.to_builtins(one)} for one in trial.checks]
    document = {
        "holds": trial.held,
        "machine": findings,
        "box": {**msgspec.to_builtins(trial), "checks": checks},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _machine(findings: tuple[Finding, ...]) -> Iterator[str]:
    for one in findings:
        name = one.name if one.needed else f"{one.name} *"
        yield f"  {one.state:<8} {name:<{_WIDTH}} {visible(one.found, newlines=False)}"
        if one.remedy:
            yield f"  {'':<8} {'':<{_WIDTH}} -> {visible(one.remedy, newlines=False)}"
    yield "  * the default box does without"


def _box(trial: Trial) -> Iterator[str]:
    for check in trial.checks:
        yield f"  {_outcome(check):<8} {check.name:<{_WIDTH}} {check.mechanism}"
        if not check.passed:
            unseen = f"not seen by {', '.join(check.unseen)}" if check.unseen else ""
            why = "; ".join(one for one in (check.detail, unseen) if one)
            yield f"  {'':<8} {'':<{_WIDTH}} {visible(why, newlines=False)}"
    if trial.checks:
        yield f"  {len(trial.checks)} checks in {trial.elapsed_ms:.0f} ms"
    if trial.reason and not trial.checks:
        yield f"  {visible(trial.reason, newlines=False)}"
    if trial.remedy:
        yield f"  -> {visible(trial.remedy, newlines=False)}"


def _outcome(check: ProbeCheck) -> str:
    if check.outcome == "held" and check.unseen:
        return "unseen"
    return check.outcome
