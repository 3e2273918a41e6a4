"""Attacks on agent tools in their boxes, and judges that read facts only.

Names are loaded when they are asked for (PEP 562): the MCP client alone costs more time
than a command that needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from zu_redteam.corpus import CORPUS_OBJECTIVES, OBJECTIVES, CorpusCase, build_corpus
    from zu_redteam.gate import GateOptions, Progress, TargetGate, gate_target
    from zu_redteam.verdict import (
        Breach,
        EgressBreach,
        ExfilBreach,
        GateVerdict,
        ObservedRun,
        ProvenanceBreach,
        ResourceBreach,
        default_observers,
    )

_HOMES: Final = {
    "CORPUS_OBJECTIVES": "corpus",
    "OBJECTIVES": "corpus",
    "CorpusCase": "corpus",
    "build_corpus": "corpus",
    "GateOptions": "gate",
    "Progress": "gate",
    "TargetGate": "gate",
    "gate_target": "gate",
    "Breach": "verdict",
    "EgressBreach": "verdict",
    "ExfilBreach": "verdict",
    "GateVerdict": "verdict",
    "ObservedRun": "verdict",
    "ProvenanceBreach": "verdict",
    "ResourceBreach": "verdict",
    "default_observers": "verdict",
}

__all__ = [
    "CORPUS_OBJECTIVES",
    "OBJECTIVES",
    "Breach",
    "CorpusCase",
    "EgressBreach",
    "ExfilBreach",
    "GateOptions",
    "GateVerdict",
    "ObservedRun",
    "Progress",
    "ProvenanceBreach",
    "ResourceBreach",
    "TargetGate",
    "build_corpus",
    "default_observers",
    "gate_target",
]


def __getattr__(name: str) -> Any:
    """Load an exported name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
