"""The places in a tool's arguments where a payload can be put."""

import copy
from dataclasses import dataclass
from typing import Any, Final

from zu_redteam.calls.flatten import Schema, flatten, kind_of
from zu_redteam.calls.generate import Generator

_DEPTH: Final = 3
_SLOTS: Final = 40


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter, possibly within objects and arrays.

    Attributes:
        path: keys and indexes from the arguments down to it.
        schemas: the schema at each step of `path`.
        name: the last name on the path.
        kind: JSON type of its values; "" where any is allowed.
        hints: format and description, for the choice of payloads.
    """

    path: tuple[str | int, ...]
    schemas: tuple[Any, ...]
    name: str
    kind: str
    hints: str

    @property
    def takes_text(self) -> bool:
        """Whether a string is of the right type here."""
        return self.kind in ("string", "")


def find_slots(root: Schema) -> tuple[Slot, ...]:
    """Return the parameters of a tool, in the order of its schema, at most 40."""
    found: list[Slot] = []
    _walk(root, root, (), (), found)
    return tuple(found[:_SLOTS])


def place(slot: Slot, payload: Any, arguments: dict[str, Any], generator: Generator) -> Any:
    """Return a copy of `arguments` with `payload` in `slot`; containers on the way are made."""
    placed = copy.deepcopy(arguments)
    at: Any = placed
    for depth, key in enumerate(slot.path[:-1]):
        missing = key not in at if isinstance(key, str) else len(at) <= key
        if missing:
            _put(at, key, generator.value(slot.schemas[depth], slot.name))
        wanted = list if isinstance(slot.path[depth + 1], int) else dict
        if not isinstance(at[key], wanted):
            at[key] = wanted()
        at = at[key]
    _put(at, slot.path[-1], payload)
    return placed


def _put(container: Any, key: str | int, value: Any) -> None:
    if isinstance(key, int):
        container[key : key + 1] = [value]
    else:
        container[key] = value


def _walk(
    schema: Any,
    root: Schema,
    path: tuple[str | int, ...],
    schemas: tuple[Any, ...],
    found: list[Slot],
) -> None:
    if len(found) >= _SLOTS or len(path) > _DEPTH:
        return
    flat = _as_text(schema, root)
    kind = kind_of(flat)
    properties = flat.get("properties")
    if kind in ("object", "") and isinstance(properties, dict) and properties:
        for name, inner in properties.items():
            _walk(inner, root, (*path, name), (*schemas, inner), found)
    elif kind == "array" and path and isinstance(flat.get("items"), dict):
        _walk(flat["items"], root, (*path, 0), (*schemas, flat["items"]), found)
    elif path:
        name = next(key for key in reversed(path) if isinstance(key, str))
        hints = f"{flat.get('format', '')} {flat.get('title', '')} {flat.get('description', '')}"
        found.append(Slot(path, schemas, name, kind, hints[:2000]))


def _as_text(schema: Any, root: Schema) -> Schema:
    """The alternative of `schema` that takes text, where there is one."""
    flats = [flatten(schema, root, variant) for variant in range(4)]
    return next((flat for flat in flats if kind_of(flat) == "string"), flats[0])
