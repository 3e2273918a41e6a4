import importlib.util
from hashlib import sha256
from pathlib import Path

import pytest

from zu_core.merkle import MemoryTree, leaf_hash

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def plain():
    spec = importlib.util.spec_from_file_location("plain", Path(__file__).with_name("plain.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def entries():
    return [sha256(str(number).encode()).digest() for number in range(300)]


@pytest.fixture(scope="session")
def tree(entries):
    tree = MemoryTree()
    for entry in entries:
        tree.append(leaf_hash(entry))
    return tree


@pytest.fixture(scope="session")
def vectors():
    folder = ROOT.parent / "shared" / "vectors" / "merkle"
    if not folder.is_dir():
        pytest.skip("the vectors of transparency-dev/merkle are not beside the project")
    return folder
