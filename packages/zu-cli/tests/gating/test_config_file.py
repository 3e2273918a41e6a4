import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_cli.gating import config_file
from zu_core.contracts import Envelope
from zu_core.errors import ConfigError

ENTRIES = {
    "egress": st.sampled_from(["api.example.com", "*.example.com", "192.0.2.7:443"]),
    "exec": st.sampled_from(["git", "node", "x y"]),
    "write": st.sampled_from(["~/.cache/tool", "/srv/data"]),
    "read": st.sampled_from(["~/.aws/credentials", "~/.netrc"]),
    "capabilities": st.text(st.characters(codec="utf-8", exclude_characters="\0")),
}
ENVELOPES = st.fixed_dictionaries(
    {}, optional={key: st.lists(entry, max_size=3) for key, entry in ENTRIES.items()}
)
JSON = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


def toml(value):
    """A TOML value; TOML basic strings take JSON's escapes for what must be escaped."""
    if isinstance(value, str):
        escaped = "".join(
            f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 or c in '"\\' else c for c in value
        )
        return f'"{escaped}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    return str(value)


def parse(text):
    return config_file.parse(text, name="zu.toml")


@given(ENVELOPES)
def test_what_is_written_is_what_is_declared(envelope):
    text = "[envelope]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in envelope.items())
    assert parse(text) == Envelope(**{key: tuple(value) for key, value in envelope.items()})


def outcome(text):
    try:
        return parse(text)
    except ConfigError as error:
        return error


@given(st.text())
def test_any_text_is_an_envelope_or_a_config_error(text):
    result = outcome(text)
    assert isinstance(result, Envelope) or (result.message.startswith("zu.toml") and result.advice)


@given(st.sampled_from(config_file.KEYS), JSON)
def test_a_value_of_another_type_is_refused(key, value):
    text = f"[envelope]\n{key} = {toml(value)}\n"
    assert key in tomllib.loads(text)["envelope"]
    result = outcome(text)
    if isinstance(result, ConfigError):
        assert result.message.startswith("zu.toml:2: ")
    else:
        assert isinstance(value, list)
        assert all(isinstance(entry, str) for entry in value)


def test_nothing_is_declared_where_no_table_is():
    assert parse("") == Envelope()
    assert parse("[envelope]") == Envelope()


@pytest.mark.parametrize(
    ("text", "place", "advice"),
    [
        ('[envelope]\negres = ["a.example"]', "zu.toml:2: unknown key 'egres'", "write `egress`"),
        ("[envelop]", "zu.toml:1: unknown table 'envelop'", "write `envelope`"),
        ("[envelope]\nzzz = []", "zu.toml:2: unknown key 'zzz'", "`egress`, `exec`, `write`"),
        ("\n[x]\n", "zu.toml:2: unknown table 'x'", "the only table is `envelope`"),
        ("envelope = 1", "zu.toml:1: `envelope` is no table", "[envelope]"),
        ("[[envelope]]", "zu.toml:1: `envelope` is no table", "[envelope]"),
        ('[envelope]\n\nexec = "git"', "zu.toml:3: `exec` is no list", 'exec = ["git"]'),
        ("[envelope]\nexec = [1]", "zu.toml:2: `exec` holds 1", 'exec = ["git"]'),
        (
            '[envelope]\negress = [\n  "api.example.com",\n  "*.com",\n]',
            "zu.toml:4: `*.com` is too broad",
            "*.example.com",
        ),
        ('[envelope]\negress = ["*"]', "zu.toml:2: ", "name the hosts"),
        ('envelope.exec = ["/bin/sh"]', "zu.toml:1: ", "write the name alone"),
        ("[envelope", "zu.toml is not TOML", "for example"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_to_write(text, place, advice):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert caught.value.message.startswith(place)
    assert advice in caught.value.advice


def test_a_file_is_read(tmp_path):
    path = tmp_path / "zu.toml"
    path.write_text('[envelope]\nexec = ["git"]\n')
    assert config_file.load(path) == Envelope(exec=("git",))


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        config_file.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        config_file.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config_file.load(tmp_path / "latin.toml")
