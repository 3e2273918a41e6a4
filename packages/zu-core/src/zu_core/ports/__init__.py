"""The seams of the system: narrow Protocols, by concern. Implementations are plugins."""

from zu_core.note.signing import SignatureVerifier, Signer
from zu_core.ports.checks import Decision, Detector, InvocationGate, Judgement, Validator
from zu_core.ports.credentials import Channel, KeyProvider, WorkloadIdentity
from zu_core.ports.egress import EgressEnforcement, EgressProxy
from zu_core.ports.model import Message, ModelProvider, ModelRequest, ModelResponse, ToolCall
from zu_core.ports.model import Usage as ModelUsage
from zu_core.ports.sandbox import (
    Box,
    ByteSink,
    ByteSource,
    Containment,
    HostEffectMonitor,
    Program,
    SandboxBackend,
)
from zu_core.ports.storage import EventSink, StoredEvent
from zu_core.ports.tools import Observation, Tool
from zu_core.ports.transparency import TransparencyLog

__all__ = [
    "Box",
    "ByteSink",
    "ByteSource",
    "Channel",
    "Containment",
    "Decision",
    "Detector",
    "EgressEnforcement",
    "EgressProxy",
    "EventSink",
    "HostEffectMonitor",
    "InvocationGate",
    "Judgement",
    "KeyProvider",
    "Message",
    "ModelProvider",
    "ModelRequest",
    "ModelResponse",
    "ModelUsage",
    "Observation",
    "Program",
    "SandboxBackend",
    "SignatureVerifier",
    "Signer",
    "StoredEvent",
    "Tool",
    "ToolCall",
    "TransparencyLog",
    "Validator",
    "WorkloadIdentity",
]
