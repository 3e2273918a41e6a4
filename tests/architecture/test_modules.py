"""Rules that hold for every module of the house."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(ROOT.glob("packages/*/src/*/**/*.py"))
PROGRAMS = {"probe.py", "spawner.py"}  # run as programs of their own, not imported by the harness


def module_name(path: Path) -> str:
    parts = path.relative_to(next(p for p in path.parents if p.name == "src")).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [module_name(path) for path in SOURCES]


def test_there_are_modules_to_check():
    assert {"zu_core", "zu_backends", "zu_redteam", "zu_providers", "zu_cli"} <= {
        name.split(".")[0] for name in MODULES
    }


@pytest.mark.parametrize(
    "package", ["zu_core", "zu_backends", "zu_redteam", "zu_providers", "zu_cli"]
)
def test_each_module_imports_alone(package):
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    for loaded in [m for m in sys.modules if m.startswith('zu_')]:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )
    names = [name for name in MODULES if name.split(".")[0] == package]
    done = subprocess.run(
        [sys.executable, "-c", script, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name for name in MODULES if "__main__" not in name])
def test_exported_names_exist(name):
    module = importlib.import_module(name)
    for exported in getattr(module, "__all__", ()):
        assert hasattr(module, exported), f"{name}.__all__ names {exported}, which is not there"


@pytest.mark.parametrize("path", SOURCES, ids=MODULES)
def test_imports_stand_at_the_top(path):
    """No import inside a function: cycles would hide there."""
    allowed = {"zu_cli/main.py"}  # loads a command when it is called
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    if path.name not in PROGRAMS and not any(str(path).endswith(name) for name in allowed):
        assert not hidden, f"imports inside functions at lines {hidden}"


@pytest.mark.parametrize("path", SOURCES, ids=MODULES)
def test_files_and_functions_have_one_job(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 500, "two things live in one room"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name} is longer than 60 lines"
