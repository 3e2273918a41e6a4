"""Seam to tools."""

from typing import Any, Protocol, runtime_checkable

import msgspec


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy gets to see of a tool call.

    Attributes:
        content: text, data of the tool.
        error: whether the call failed.
    """

    content: str
    error: bool = False


@runtime_checkable
class Tool(Protocol):
    """A capability of the policy.

    Attributes:
        input_schema: JSON Schema of the arguments.
        capabilities: effects beyond a plain answer; empty means harmless.
        egress: hosts that it reaches, in the grammar of `zu_core.hosts`.
    """

    name: str
    description: str
    input_schema: dict[str, Any]
    capabilities: tuple[str, ...]
    egress: tuple[str, ...]

    async def __call__(self, arguments: dict[str, Any], /) -> Observation:
        """Run the call and return what it gave."""
        ...
