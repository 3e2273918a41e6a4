"""Attacks on agent tools in their boxes, and judges that read facts only.

Names are loaded when they are asked for (PEP 562): the MCP client alone costs more time
than a command that needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from zu_core.hosts import is_internal_host
    from zu_redteam.corpus import CORPUS_OBJECTIVES, OBJECTIVES, CorpusCase, build_corpus
    from zu_redteam.gate import GateOptions, Progress, TargetGate, gate_target
    from zu_redteam.report import ReportModel, build_report, render_verdict
    from zu_redteam.verdict import (
        Breach,
        DescriptionBreach,
        EgressBreach,
        ExfilBreach,
        GateVerdict,
        HostEffectBreach,
        ObservedRun,
        ProvenanceBreach,
        ResourceBreach,
        default_observers,
        judge,
    )

_HOMES: Final = {
    "CORPUS_OBJECTIVES": "zu_redteam.corpus",
    "OBJECTIVES": "zu_redteam.corpus",
    "CorpusCase": "zu_redteam.corpus",
    "build_corpus": "zu_redteam.corpus",
    "GateOptions": "zu_redteam.gate",
    "Progress": "zu_redteam.gate",
    "TargetGate": "zu_redteam.gate",
    "gate_target": "zu_redteam.gate",
    "ReportModel": "zu_redteam.report",
    "build_report": "zu_redteam.report",
    "render_verdict": "zu_redteam.report",
    "Breach": "zu_redteam.verdict",
    "DescriptionBreach": "zu_redteam.verdict",
    "EgressBreach": "zu_redteam.verdict",
    "ExfilBreach": "zu_redteam.verdict",
    "GateVerdict": "zu_redteam.verdict",
    "HostEffectBreach": "zu_redteam.verdict",
    "ObservedRun": "zu_redteam.verdict",
    "ProvenanceBreach": "zu_redteam.verdict",
    "ResourceBreach": "zu_redteam.verdict",
    "default_observers": "zu_redteam.verdict",
    "judge": "zu_redteam.verdict",
    "is_internal_host": "zu_core.hosts",
}

__all__ = [
    "CORPUS_OBJECTIVES",
    "OBJECTIVES",
    "Breach",
    "CorpusCase",
    "DescriptionBreach",
    "EgressBreach",
    "ExfilBreach",
    "GateOptions",
    "GateVerdict",
    "HostEffectBreach",
    "ObservedRun",
    "Progress",
    "ProvenanceBreach",
    "ReportModel",
    "ResourceBreach",
    "TargetGate",
    "build_corpus",
    "build_report",
    "default_observers",
    "gate_target",
    "is_internal_host",
    "judge",
    "render_verdict",
]


def __getattr__(name: str) -> Any:
    """Load an exported name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
