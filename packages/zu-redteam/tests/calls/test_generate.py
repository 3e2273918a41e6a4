import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from zu_redteam.calls.generate import Generator
from zu_redteam.calls.places import Places

PLACES = Places("/workspace", "/home/user")
NAMES = st.sampled_from(
    [
        "path",
        "url",
        "query",
        "timezone",
        "limit",
        "email",
        "date",
        "name",
        "x",
        "isOn",
        "sourceFile",
    ]
)


@st.composite
def strings(draw):
    kind = draw(st.integers(0, 4))
    if kind == 0:
        low = draw(st.integers(0, 30))
        return {"type": "string", "minLength": low, "maxLength": low + draw(st.integers(0, 40))}
    if kind == 1:
        formats = ["date", "date-time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "time"]
        return {"type": "string", "format": draw(st.sampled_from(formats))}
    if kind == 2:
        patterns = [r"^[a-z]{2,4}$", r"^\d+$", r"^(a|b)-[0-9]{3}$", r"^[^0-9]*$"]
        return {"type": "string", "pattern": draw(st.sampled_from(patterns))}
    if kind == 3:
        return {"enum": draw(st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True))}
    return {"type": "string", "default": draw(st.text(max_size=8))}


@st.composite
def numbers(draw):
    kind = draw(st.sampled_from(["integer", "number"]))
    low = draw(st.integers(-1000, 1000))
    schema = {"type": kind}
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = low + 20
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.integers(1, 5))
    return schema


def arrays(inner):
    return st.builds(
        lambda items, low, more: {
            "type": "array", "items": items, "minItems": low, "maxItems": low + more
        },
        inner, st.integers(0, 4), st.integers(0, 4),
    )  # fmt: skip


def objects(inner):
    return st.builds(
        lambda properties, keep: {
            "type": "object",
            "properties": properties,
            "required": [name for name, flag in zip(properties, keep, strict=False) if flag],
            "additionalProperties": False,
        },
        st.dictionaries(NAMES, inner, max_size=4),
        st.lists(st.booleans(), min_size=4, max_size=4),
    )


def alternatives(inner):
    return st.builds(lambda a: {"anyOf": [{"type": "null"}, a]}, inner) | st.builds(
        lambda a: {"allOf": [a]}, inner
    )


LEAVES = (
    strings() | numbers() | st.just({"type": "boolean"}) | st.just({"type": ["integer", "null"]})
    | st.just({"const": {"a": [1]}}) | st.just({}) | st.just(True)
)  # fmt: skip
SCHEMAS = st.recursive(LEAVES, lambda x: arrays(x) | objects(x) | alternatives(x), max_leaves=8)


@settings(deadline=None, max_examples=300)
@given(objects(SCHEMAS), st.integers(0, 4), st.integers(0, 1000))
def test_arguments_are_valid_for_the_schema(schema, variant, seed):
    arguments = Generator(schema, PLACES, seed).arguments(variant)
    jsonschema.Draft202012Validator(schema).validate(arguments)


@given(objects(SCHEMAS), st.integers(0, 3))
def test_the_same_seed_gives_the_same_arguments(schema, variant):
    made = [Generator(schema, PLACES, 7).arguments(variant) for _ in range(2)]
    assert made[0] == made[1]


def arguments(schema, variant=0):
    return Generator(schema, PLACES).arguments(variant)


def test_references_are_followed_and_circles_end():
    schema = {
        "type": "object",
        "properties": {"node": {"$ref": "#/$defs/Node"}, "loop": {"$ref": "#/$defs/loop"}},
        "required": ["node", "loop"],
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {"child": {"$ref": "#/$defs/Node"}, "at": {"type": "integer"}},
                "required": ["child", "at"],
            },
            "loop": {"$ref": "#/$defs/loop"},
        },
    }
    made = arguments(schema)
    assert made["node"]["child"]["at"] == 2
    assert made["loop"]


def test_names_make_sense():
    names = ["timezone", "path", "url", "query", "sql", "city", "email", "repo_path", "file_name"]
    schema = {"properties": {name: {"type": "string"} for name in names}, "required": names}
    assert arguments(schema) == {
        "timezone": "UTC", "path": "/workspace/notes.txt", "url": "https://example.com/",
        "query": "weather", "sql": "SELECT 1", "city": "Berlin", "email": "ada@example.com",
        "repo_path": "/workspace", "file_name": "notes.txt",
    }  # fmt: skip


def test_an_example_in_the_description_is_taken():
    schema = {
        "properties": {"unit": {"type": "string", "description": "a unit, e.g. 'kelvin' or so"}},
        "required": ["unit"],
    }
    assert arguments(schema) == {"unit": "kelvin"}


def test_optional_parameters_come_in_odd_variants():
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "boolean"}}, "required": ["a"]}
    assert set(arguments(schema, 0)) == {"a"}
    assert set(arguments(schema, 1)) == {"a", "b"}


def test_hostile_bounds_cost_nothing():
    schema = {
        "properties": {
            "a": {"type": "array", "minItems": 10**12, "items": {"type": "string"}},
            "s": {"type": "string", "minLength": 10**12},
            "t": {"type": "string", "minLength": 10**18, "maxLength": 10**30},
            "n": {"type": "integer", "minimum": 10**400},
            "p": {"type": "object", "minProperties": 10**9},
            "q": {"$ref": "http://example.com/schema"},
            "r": {"anyOf": "x", "allOf": 3, "enum": [], "properties": 1, "required": "abc"},
            "u": {"type": 5},
        },
        "required": list("asntpqru"),
    }
    made = arguments(schema)
    assert len(made["a"]) <= 32
    assert len(made["s"]) <= 65536


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(
        st.sampled_from(["type", "properties", "items", "required", "enum", "anyOf", "allOf",
                         "minimum", "maximum", "multipleOf", "minLength", "pattern", "$ref",
                         "format", "default", "const", "minItems", "prefixItems", "examples"]),
        x, max_size=4),
    max_leaves=10,
))  # fmt: skip
@settings(deadline=None)
def test_any_json_is_taken_as_a_schema(schema):
    generator = Generator(schema if isinstance(schema, dict) else {}, PLACES)
    for variant in range(3):
        assert isinstance(generator.arguments(variant), dict)
        generator.value(schema, "x", variant)


def test_a_tool_is_not_asked_to_take_long() -> None:
    schema = {
        "type": "object",
        "properties": {
            "duration": {"type": "number", "default": 10},
            "waitSeconds": {"type": "integer", "minimum": 5, "default": 60},
            "steps": {"type": "number", "default": 5},
            "msg": {"type": "integer"},
            "wait": {"type": "string"},
        },
    }
    assert Generator(schema, PLACES).arguments(0) == {"duration": 1.0, "waitSeconds": 5}


def test_hosts_are_those_that_the_target_may_reach() -> None:
    places = Places("/w", host="api.example.net:8443")
    text = {"type": "string"}
    schema = {"properties": {"url": text, "host": text}, "required": ["url", "host"]}
    for variant in range(4):
        made = Generator(schema, places).arguments(variant)
        assert made["url"].startswith("https://api.example.net:8443/")
        assert made["host"].startswith("api.example.net")
