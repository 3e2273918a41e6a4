"""Events of the conversation with a tool server. What the target says is data."""

from typing import Any, ClassVar, Final, Literal

import msgspec

from zu_core.events.base import Payload

TOOLS_LISTED: Final = "harness.tools.listed"
TOOL_INVOKED: Final = "harness.tool.invoked"
TOOL_RETURNED: Final = "harness.tool.returned"
TARGET_SAID: Final = "data.target.said"
TARGET_REQUESTED: Final = "data.target.requested"


class ToolDescription(msgspec.Struct, frozen=True, kw_only=True):
    """One tool as the target describes it.

    Attributes:
        definition: the whole definition as the target sent it (name, description,
            schemas, annotations), canonical JSON.
        digest: SHA-256 of `definition`, hexadecimal.
    """

    name: str
    description: str
    input_schema: dict[str, Any]
    definition: str
    digest: str


class ToolsListed(Payload, frozen=True, kw_only=True):
    """The target's tools at one moment.

    Attributes:
        moment: when the list was asked for.
        server: name and version that the server gives itself.
        protocol: protocol version that was agreed on.
        instructions: the server's text for the model.
    """

    TYPE: ClassVar[str] = TOOLS_LISTED
    moment: Literal["start", "after-calls", "restart"]
    tools: tuple[ToolDescription, ...]
    server: str = ""
    protocol: str = ""
    instructions: str = ""


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What a case would see if its attack had worked, in facts whose parent is the call.

    Attributes:
        kind: "exec" (path or arguments of a program), "egress" (host, address, detail or
            bytes of a connection or query), "file" (path or content of a changed file, or
            a path opened for writing), "result" (the answer).
        contains: text that the fact would contain.
        whole: the program or argument, the host or address, the path is `contains` and
            nothing else; text that only quotes it does not count.
    """

    kind: Literal["exec", "egress", "file", "result"]
    contains: str
    whole: bool = False


class ToolInvoked(Payload, frozen=True, kw_only=True):
    """The harness calls a tool.

    Attributes:
        intent: "harmless" for a call that any client might make, "attack" for a case.
        case: id of the corpus case, or "" for a harmless call.
        marker: random text in the arguments that no honest effect contains.
        expects: any of these, seen, is a breach.
    """

    TYPE: ClassVar[str] = TOOL_INVOKED
    tool: str
    arguments: dict[str, Any]
    intent: Literal["harmless", "attack"] = "harmless"
    case: str = ""
    marker: str = ""
    expects: tuple[Expectation, ...] = ()


class ToolReturned(Payload, frozen=True, kw_only=True):
    """What came of a call; its parent is the `ToolInvoked`.

    Attributes:
        outcome: "result", "tool-error" (the tool says that it failed), "protocol-error"
            (a JSON-RPC error), "timeout", "closed" (the target went away).
        content: the answer as JSON text, cut after `kept` bytes.
        size: bytes of the whole answer.
        digest: SHA-256 of the whole answer, hexadecimal.
        truncated: `content` is not the whole answer.
        responsive: after a timeout, whether the target answered a ping at least.
    """

    TYPE: ClassVar[str] = TOOL_RETURNED
    tool: str
    outcome: Literal["result", "tool-error", "protocol-error", "timeout", "closed"]
    content: str = ""
    size: int = 0
    digest: str = ""
    truncated: bool = False
    elapsed_ms: float = 0.0
    responsive: bool = True


class TargetSaid(Payload, frozen=True, kw_only=True):
    """Text of the target outside of an answer.

    Attributes:
        channel: "stderr", "stdout" (text that is no protocol message) or "notification".
    """

    TYPE: ClassVar[str] = TARGET_SAID
    channel: Literal["stderr", "stdout", "notification"]
    text: str
    truncated: bool = False


class TargetRequested(Payload, frozen=True, kw_only=True):
    """A request of the target to its client (sampling, elicitation, roots, ...).

    Attributes:
        answered: what it got.
        truncated: `params` are not the whole ones, or more requests came than are recorded.
    """

    TYPE: ClassVar[str] = TARGET_REQUESTED
    method: str
    params: str = ""
    answered: str = ""
    truncated: bool = False
