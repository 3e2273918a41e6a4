"""The first process runs in the image's Python: what it may be written in."""

import ast
import sys

from zu_backends.docker import plan, shim
from zu_backends.kernel.syscalls import AARCH64, X86_64

TREE = ast.parse(plan.shim(), feature_version=(3, 10))


def test_it_needs_the_standard_library_only():
    names = {
        (alias.name if isinstance(node, ast.Import) else node.module).split(".")[0]
        for node in ast.walk(TREE)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names <= sys.stdlib_module_names


def test_it_knows_the_system_call_of_every_architecture():
    machines = {"x86_64": X86_64, "aarch64": AARCH64}
    assert {name: one.numbers["seccomp"] for name, one in machines.items()} == shim.SECCOMP


def test_it_fits_an_argument():
    """MAX_ARG_STRLEN of execve(2)."""
    assert len(plan.shim()) < 131_072
