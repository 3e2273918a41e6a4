import pytest

from zu_cli.gating.toml_lines import line_of

TEXT = """\
# egress = ["comment"]
title.x = 1
[other]
egress = 1

[ "envelope" ] # of the tool
'egress' = [
  "a.example",
  'b.example',
]
exec=["b.example"]
[envelope.inner]
exec = 2
"""


@pytest.mark.parametrize(
    ("table", "key", "entry", "line"),
    [
        ("envelope", "egress", "", 7),
        ("envelope", "egress", "a.example", 8),
        ("envelope", "egress", "b.example", 9),
        ("envelope", "egress", "absent", 7),
        ("envelope", "exec", "", 11),
        ("envelope", "inner", "", 12),
        ("other", "egress", "", 4),
        ("", "title", "", 2),
        ("", "envelope", "", 6),
        ("envelope", "absent", "", None),
        ("absent", "egress", "", None),
    ],
)
def test_keys_and_entries_are_found(table, key, entry, line):
    assert line_of(TEXT, table=table, key=key, entry=entry) == line


def test_a_dotted_key_is_found():
    assert line_of("a = 1\nenvelope . exec = []", table="envelope", key="exec") == 2
