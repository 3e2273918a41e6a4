"""Calls that any client might make."""

from typing import Any

from zu_core.events import ToolDescription
from zu_redteam.calls.generate import Generator
from zu_redteam.calls.places import Places
from zu_redteam.jsonable import canonical


def harmless_calls(
    tool: ToolDescription, places: Places, *, seed: int = 0, count: int = 3
) -> tuple[dict[str, Any], ...]:
    """Return up to `count` different sets of arguments for `tool`, at least one.

    The first holds what is required and nothing else. The same seed gives the same calls.
    """
    generator = Generator(tool.input_schema, places, seed)
    found: dict[str, dict[str, Any]] = {}
    for variant in range(count * 3):
        arguments = generator.arguments(variant)
        found.setdefault(canonical(arguments), arguments)
        if len(found) == count:
            break
    return tuple(found.values())
