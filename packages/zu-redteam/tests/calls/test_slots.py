from zu_redteam.calls.generate import Generator
from zu_redteam.calls.places import Places
from zu_redteam.calls.slots import find_slots, place

SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "a file"},
        "count": {"type": "integer"},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "string", "format": "uri"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "options": {
            "type": "object",
            "properties": {"mode": {"type": "string"}, "deep": {"$ref": "#/$defs/Deep"}},
            "required": ["mode"],
        },
        "any": {},
    },
    "required": ["path"],
    "$defs": {"Deep": {"type": "object", "properties": {"leaf": {"type": "string"}}}},
}


def test_every_parameter_is_found_with_its_type():
    found = {slot.path: slot.kind for slot in find_slots(SCHEMA)}
    assert found == {
        ("path",): "string", ("count",): "integer", ("maybe",): "string", ("tags", 0): "string",
        ("options", "mode"): "string", ("options", "deep", "leaf"): "string", ("any",): "",
    }  # fmt: skip


def test_hints_hold_format_and_description():
    slots = {slot.name: slot for slot in find_slots(SCHEMA)}
    assert "a file" in slots["path"].hints
    assert "uri" in slots["maybe"].hints


def test_a_payload_is_placed_and_its_containers_are_made():
    generator = Generator(SCHEMA, Places("/w"))
    base = generator.arguments(0)
    for slot in find_slots(SCHEMA):
        at = placed = place(slot, "PAYLOAD", base, generator)
        for key in slot.path:
            at = at[key]
        assert at == "PAYLOAD"
        assert placed["path"] == ("PAYLOAD" if slot.path == ("path",) else "/w/notes.txt")
    assert base == generator.arguments(0)
    leaf = next(slot for slot in find_slots(SCHEMA) if slot.name == "leaf")
    assert place(leaf, "x", base, generator)["options"]["mode"]


def test_a_schema_without_end_gives_bounded_slots():
    schema = {"properties": {f"p{n}": {"type": "string"} for n in range(500)}}
    schema["properties"]["self"] = {"$ref": "#"}
    assert len(find_slots(schema)) == 40
    assert find_slots({"$ref": "#"}) == ()
    assert len(find_slots({"properties": {"a": {"$ref": "#"}, "b": {"type": "string"}}})) < 20
