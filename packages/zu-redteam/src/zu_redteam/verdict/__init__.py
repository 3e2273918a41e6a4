"""Judging a gate run: pure functions of its record, one observer per file."""

from zu_redteam.verdict.answer import (
    Answer,
    Breach,
    Evidence,
    Held,
    Observer,
    Severity,
    Undetermined,
)
from zu_redteam.verdict.descriptions import DescriptionBreach
from zu_redteam.verdict.effects import HostEffectBreach
from zu_redteam.verdict.egress import EgressBreach
from zu_redteam.verdict.exfil import ExfilBreach
from zu_redteam.verdict.judge import (
    STAGES,
    GateVerdict,
    ObserverResult,
    Verdict,
    default_observers,
    judge,
)
from zu_redteam.verdict.needs import Need, needs
from zu_redteam.verdict.observed import Call, Entry, Fact, ObservedRun
from zu_redteam.verdict.provenance import ProvenanceBreach
from zu_redteam.verdict.resources import ResourceBreach
from zu_redteam.verdict.sources import Source

__all__ = [
    "STAGES",
    "Answer",
    "Breach",
    "Call",
    "DescriptionBreach",
    "EgressBreach",
    "Entry",
    "Evidence",
    "ExfilBreach",
    "Fact",
    "GateVerdict",
    "Held",
    "HostEffectBreach",
    "Need",
    "ObservedRun",
    "Observer",
    "ObserverResult",
    "ProvenanceBreach",
    "ResourceBreach",
    "Severity",
    "Source",
    "Undetermined",
    "Verdict",
    "default_observers",
    "judge",
    "needs",
]
