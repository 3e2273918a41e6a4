"""Values for a JSON schema: one sensible instance per variant, always the same ones."""

from typing import Any, Final

from zu_redteam.calls.flatten import Schema, flatten, kind_of
from zu_redteam.calls.numbers import integer, number
from zu_redteam.calls.pattern import text_for
from zu_redteam.calls.places import Places
from zu_redteam.calls.words import is_time, number_for, words_by_format, words_for

_DEPTH: Final = 10
_ITEMS: Final = 32
_TEXT: Final = 64 * 1024
_LARGE: Final = 1 << 53

_NUMERIC: Final = ("integer", "number")
_KINDS: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "array": list, "object": dict, "null": type(None),
}  # fmt: skip


class Generator:
    """Makes instances of the schemas within one tool's input schema.

    Variant 0 holds what is required; odd variants hold what is optional too. Bounds that
    ask for more than the generator gives (32 items, 64 KiB of text) are not met.

    Args:
        root: the whole input schema, which references point into.
        places: paths that values may name.
        seed: shifts the choice among equally good values, from variant 1 on.
    """

    def __init__(self, root: Schema, places: Places, seed: int = 0) -> None:
        self._root = root
        self._places = places
        self._seed = seed

    def arguments(self, variant: int = 0) -> dict[str, Any]:
        """Return arguments for the whole tool."""
        made = self._object(flatten(self._root, self._root, variant), variant, 0)
        return made if isinstance(made, dict) else {}

    def value(self, schema: Any, name: str = "", variant: int = 0, depth: int = 0) -> Any:
        """Return an instance of `schema`; `name` is the parameter that it is for."""
        flat = flatten(schema, self._root, variant)
        if "const" in flat:
            return flat["const"]
        if isinstance(flat.get("enum"), list) and flat["enum"]:
            return flat["enum"][self._choice(variant) % len(flat["enum"])]
        kind = kind_of(flat, variant) or "string"
        given = _given(flat, kind)
        if given and not (kind in _NUMERIC and is_time(name)):
            return given[self._choice(variant) % len(given)]
        return self._made(flat, kind, name, variant, depth)

    def _made(self, flat: Schema, kind: str, name: str, variant: int, depth: int) -> Any:
        if kind == "object":
            return self._object(flat, variant, depth)
        if kind == "array":
            return self._array(flat, name, variant, depth)
        if kind in ("integer", "number"):
            wanted = number_for(name) + variant
            return integer(flat, wanted) if kind == "integer" else number(flat, wanted)
        if kind in ("boolean", "null"):
            return variant % 2 == 1 if kind == "boolean" else None
        return self._string(flat, name, variant)

    def _choice(self, variant: int) -> int:
        return variant and variant + self._seed % 97

    def _object(self, flat: Schema, variant: int, depth: int) -> dict[str, Any]:
        properties = flat.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        names = [name for name in _list(flat, "required") if isinstance(name, str)]
        # What a tool waits for by default may be longer than anybody waits for the tool.
        waits = [name for name, schema in properties.items() if _waits(name, schema)]
        names += [name for name in waits if name not in names]
        if variant % 2 and depth < _DEPTH // 2:
            names += [name for name in properties if name not in names]
        if depth >= _DEPTH:
            return {}
        rest = flat.get("additionalProperties")
        made = {
            name: self.value(properties.get(name, rest), name, variant, depth + 1)
            for name in names[: _ITEMS * 2]
        }
        for index in range(min(_size(flat, "minProperties"), _ITEMS) - len(made)):
            made[f"extra{index}"] = self.value(rest, "extra", variant, depth + 1)
        return made

    def _array(self, flat: Schema, name: str, variant: int, depth: int) -> list[Any]:
        first = _list(flat, "prefixItems")[:_ITEMS]
        least, most = _size(flat, "minItems"), _size(flat, "maxItems", _ITEMS)
        wanted = 0 if depth >= _DEPTH and not least else max(least, len(first), 1)
        items: list[Any] = []
        for index in range(_ITEMS * 8):
            if len(items) >= min(wanted, most, _ITEMS):
                break
            schema = first[index] if index < len(first) else flat.get("items")
            item = self.value(schema, name, variant + index, depth + 1)
            if not flat.get("uniqueItems") or index < len(first) or item not in items:
                items.append(item)
        return items

    def _string(self, flat: Schema, name: str, variant: int) -> str:
        least, most = _size(flat, "minLength"), _size(flat, "maxLength", _TEXT)
        if isinstance(flat.get("pattern"), str):
            for attempt in range(8):
                text = text_for(flat["pattern"], variant + attempt)
                if text is not None and least <= len(text) <= most:
                    return text
        words = words_by_format(str(flat.get("format", "")), self._places)
        if not words:
            words = words_for(name, str(flat.get("description", "")), self._places)
        word = words[self._choice(variant) % len(words)]
        if variant >= len(words) and len(words) > 1:
            word = f"{word} {variant}" if "format" not in flat else word
        return word[:most].ljust(min(least, _TEXT), "a")


def _waits(name: str, schema: Any) -> bool:
    return is_time(name) and isinstance(schema, dict) and schema.get("type") in _NUMERIC


def _given(flat: Schema, kind: str) -> list[Any]:
    """The examples and the default of a schema, those of its own type."""
    examples = _list(flat, "examples")
    candidates = [*examples, flat["default"]] if "default" in flat else examples
    types = _KINDS.get(kind, str)
    return [
        one
        for one in candidates
        if isinstance(one, types) and (kind == "boolean" or not isinstance(one, bool))
    ]


def _list(flat: Schema, key: str) -> list[Any]:
    value = flat.get(key)
    return value if isinstance(value, list) else []


def _size(flat: Schema, key: str, default: int = 0) -> int:
    value = flat.get(key)
    return max(0, int(value)) if isinstance(value, int | float) and value < _LARGE else default
