"""Rules about what the repository may hold."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


FORBIDDEN = {
    "a package registry's host name": re.compile(
        rb"(pypi\.org|pythonhosted\.org|registry\.npmjs|files\.python|deb\.debian)"
    ),
    "an index option": re.compile(rb"--(extra-)?index-url\s+\S|--find-links\s+\S+://"),
}


def test_no_registry_and_no_index_address_is_named():
    mine = Path(__file__).resolve()
    for path in tracked():
        if path == mine or not path.is_file():
            continue
        data = path.read_bytes()
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(data)
            assert not found, f"{path.relative_to(ROOT)} holds {what}: {found[0]!r}"


def test_locks_carry_hashes_and_uv_lock_is_not_tracked():
    names = {str(path.relative_to(ROOT)) for path in tracked()}
    assert "uv.lock" not in names
    for lock in ("requirements.lock", "bootstrap.lock", "examples/servers/requirements.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        pinned = re.findall(
            r"^[A-Za-z0-9._-]+(?:\[[^\]]*\])?==\S+.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+",
            text,
            re.M,
        )
        named = re.findall(r"^[A-Za-z0-9._-]+(?:\[[^\]]*\])?==", text, re.M)
        assert named, f"{lock} pins nothing"
        assert len(pinned) == len(named), f"{lock} has a pin without a hash"
