from zu_redteam.calls.flatten import flatten, kind_of, merge

ROOT = {"$defs": {"A/b": {"type": "string", "minLength": 2}, "x": {"$ref": "#/$defs/x"}}}


def test_a_reference_is_a_json_pointer():
    flat = flatten({"$ref": "#/$defs/A~1b", "description": "d"}, ROOT)
    assert flat == {"type": "string", "minLength": 2, "description": "d"}


def test_circles_and_strangers_mean_anything():
    assert flatten({"$ref": "#/$defs/x"}, ROOT) == {}
    assert flatten({"$ref": "https://example.com/s.json"}, ROOT) == {}
    assert flatten(True, ROOT) == {}


def test_the_stricter_bound_stays():
    merged = merge({"minimum": 3, "maxLength": 9}, {"minimum": 1, "maxLength": 5})
    assert merged == {"minimum": 3, "maxLength": 5}
    flat = flatten({"allOf": [{"required": ["a"]}, {"required": ["b"]}]}, {})
    assert flat["required"] == ["a", "b"]


def test_null_is_no_choice_where_there_is_another():
    flat = flatten({"anyOf": [{"type": "null"}, {"type": "integer"}]}, {})
    assert kind_of(flat) == "integer"


def test_a_type_is_implied_by_its_keys():
    assert kind_of({"properties": {}}) == "object"
    assert kind_of({"items": {}}) == "array"
    assert kind_of({"pattern": "a"}) == "string"
    assert kind_of({}) == ""
    assert kind_of({"type": ["null", "boolean"]}) == "boolean"
