"""docs/hosts.md says what the tables and the grammar say."""

import re
from pathlib import Path

import pytest

from zu_core.errors import ConfigError
from zu_core.hosts import HostClass, parse_host, parse_rule
from zu_core.hosts.special_addresses import BLOCKS, METADATA_ADDRESSES
from zu_core.hosts.special_names import SPECIAL_NAMES

PAGE = Path(__file__).parents[4] / "docs" / "hosts.md"
TEXT = PAGE.read_text(encoding="utf-8")


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines])


def blocks_table():
    rows = []
    for block in BLOCKS:
        mark = " *" if block.registry_global and block.klass.is_internal else ""
        rows.append((f"`{block.network}`{mark}", block.klass, block.meaning, block.source))
    return table(("block", "class", "meaning", "source"), rows)


def metadata_table():
    rows = [(f"`{row.address}`", row.service) for row in METADATA_ADDRESSES]
    return table(("address", "service"), rows)


def names_table():
    rows = [(f"`{row.name}`", row.klass, row.source) for row in SPECIAL_NAMES]
    return table(("name", "class", "source"), rows)


def section(name):
    return TEXT.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("blocks", blocks_table()), ("metadata", metadata_table()), ("names", names_table())],
    ids=lambda value: value if len(value) < 10 else "",
)
def test_tables_are_the_tables_of_the_code(name, expected):
    assert section(name) == expected


def test_every_class_has_its_row_in_order_of_strictness():
    assert re.findall(r"^\| `([a-z-]+)` \|", section("classes"), re.M) == [*HostClass]


def rows_below(heading):
    """The cells of the table rows between `heading` and the next heading."""
    part = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| `")]


def quoted(cell):
    return re.findall(r"`([^`]*)`", cell)


def test_examples_of_canonical_forms_are_true():
    for texts, canonical, _ in rows_below("One canonical form"):
        forms = {parse_host(text).canonical for text in quoted(texts)}
        assert forms == set(quoted(canonical))


def test_examples_of_entries_are_true():
    entries = [row[0] for row in rows_below("Allowlist entries")]
    cut = next(i for i, cell in enumerate(entries) if quoted(cell)[0] == "*")
    for cell in entries[:cut]:
        for text in quoted(cell):
            assert parse_rule(text).text == text
    for cell in entries[cut:]:
        for text in quoted(cell):
            with pytest.raises(ConfigError):
                parse_rule(text)
