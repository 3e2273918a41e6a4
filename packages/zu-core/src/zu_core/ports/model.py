"""Seam to language models."""

from typing import Any, Literal, Protocol, runtime_checkable

import msgspec


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the model asks for, arguments as the model wrote them."""

    id: str
    name: str
    arguments: dict[str, Any]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one model call."""

    input_tokens: int = 0
    output_tokens: int = 0


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is asked. `tools` are JSON objects: name, description, input_schema."""

    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    max_tokens: int | None = None


class ModelResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What a model answers."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()


@runtime_checkable
class ModelProvider(Protocol):
    """Completes conversations."""

    async def complete(self, request: ModelRequest, /) -> ModelResponse:
        """Return the model's next turn.

        Raises:
            Unavailable: the model could not be reached within its retries.
        """
        ...
