"""JSON Schema, made plain: references followed, `allOf` merged, one alternative chosen."""

from typing import Any, Final

Schema = dict[str, Any]

_HOPS: Final = 32
_TYPED: Final = (
    ("object", ("properties", "required", "additionalProperties", "minProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "uniqueItems")),
    ("string", ("minLength", "maxLength", "pattern", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)


def flatten(schema: Any, root: Schema, variant: int = 0) -> Schema:
    """Return `schema` without `$ref`, `allOf`, `anyOf` and `oneOf` at its top.

    A reference that leads nowhere, or around in a circle, means "anything". Of
    alternatives, those that are no `null` are taken first, the `variant`-th of them.
    """
    flat = schema if isinstance(schema, dict) else {}
    for _ in range(_HOPS):
        if isinstance(flat.get("$ref"), str):
            rest = {key: value for key, value in flat.items() if key != "$ref"}
            flat = merge(_lookup(flat["$ref"], root), rest)
        elif isinstance(flat.get("allOf"), list):
            parts, flat = flat["allOf"], _without(flat, "allOf")
            for part in parts[:_HOPS]:
                flat = merge(flat, part if isinstance(part, dict) else {})
        elif chosen := next((key for key in ("anyOf", "oneOf") if _options(flat, key)), ""):
            options = _options(flat, chosen)
            flat = merge(_without(flat, chosen), options[variant % len(options)])
        else:
            return flat
    return _without(flat, "$ref", "allOf", "anyOf", "oneOf")


def kind_of(flat: Schema, variant: int = 0) -> str:
    """Return the JSON type that a flat schema asks for; "" where it names and implies none."""
    named = flat.get("type")
    if isinstance(named, list):
        kinds = [one for one in named if isinstance(one, str) and one != "null"]
        return kinds[variant % len(kinds)] if kinds else "null"
    if isinstance(named, str):
        return named
    return next((kind for kind, keys in _TYPED if any(key in flat for key in keys)), "")


def merge(one: Schema, other: Schema) -> Schema:
    """Return a schema that asks for what both ask for, as far as their keys tell."""
    merged = one | other
    for key in ("properties", "$defs", "definitions"):
        if isinstance(one.get(key), dict) and isinstance(other.get(key), dict):
            merged[key] = one[key] | other[key]
    if isinstance(one.get("required"), list) and isinstance(other.get("required"), list):
        merged["required"] = [*one["required"], *other["required"]]
    for key, pick in _STRICTER.items():
        if isinstance(one.get(key), int | float) and isinstance(other.get(key), int | float):
            merged[key] = pick(one[key], other[key])
    return merged


_STRICTER: Final = {
    "minimum": max, "exclusiveMinimum": max, "minLength": max, "minItems": max,
    "maximum": min, "exclusiveMaximum": min, "maxLength": min, "maxItems": min,
}  # fmt: skip


def _options(flat: Schema, key: str) -> list[Schema]:
    listed = flat.get(key)
    if not isinstance(listed, list):
        return []
    options = [one for one in listed if isinstance(one, dict)]
    return [one for one in options if one.get("type") != "null"] or options


def _lookup(reference: str, root: Schema) -> Schema:
    """Follow a JSON pointer (RFC 6901) within the same document."""
    at: Any = root
    if not reference.startswith("#"):
        return {}
    for part in reference[1:].split("/")[1:_HOPS]:
        key = part.replace("~1", "/").replace("~0", "~")
        at = at.get(key) if isinstance(at, dict) else None
    return at if isinstance(at, dict) else {}


def _without(schema: Schema, *keys: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in keys}
