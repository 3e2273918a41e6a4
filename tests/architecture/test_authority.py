"""Imports that give authority stand where docs/architecture.md says, and nowhere else."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(ROOT.glob("packages/*/src/*/**/*.py"))


def table() -> dict[str, tuple[str, ...]]:
    """The rows of the section "Authority, by import": import, and packages that may have it."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    section = page.split("## Authority, by import")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|$", section, re.M)
    found = {}
    for imports, places in rows:
        for name in re.findall(r"`([^`]+)`", imports):
            found[name] = tuple(re.findall(r"`([^`]+)`", places))
    return found


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    name = ".".join(parts[parts.index("src") + 1 :])
    return name.removesuffix(".__init__")


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


TABLE = table()


def test_the_table_is_there():
    assert len(TABLE) > 12
    assert TABLE["pickle"] == ()


@pytest.mark.parametrize("name", sorted(TABLE))
def test_an_import_with_authority_stands_where_the_page_says(name):
    strangers = [
        module_of(path)
        for path in SOURCES
        if any(is_in(found, name) for found in imports(path))
        and not any(is_in(module_of(path), place) for place in TABLE[name])
    ]
    assert not strangers


def test_only_one_file_reads_the_environment():
    readers = [
        module_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("os", "environ"), ("os", "getenv")}
    ]
    # The shim of a container looks at that container's environment, from inside.
    assert set(readers) <= {"zu_cli.environment", "zu_backends.docker.shim"}
    assert "zu_cli.environment" in readers
