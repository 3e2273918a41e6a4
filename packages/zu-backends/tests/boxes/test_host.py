"""Facts of the host."""

import os

import pytest

from zu_backends.boxes.host import check_sources, read_host_root
from zu_backends.boxes.plan import HostRoot
from zu_core.contracts import Mount
from zu_core.errors import ConfigError


def test_symlinks_and_directories_of_the_root(tmp_path):
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "lib").mkdir()
    (tmp_path / "opt").mkdir()
    wanted = HostRoot(symlinks=(("bin", "usr/bin"),), directories=("lib",))
    assert read_host_root(str(tmp_path)) == wanted


def test_sources_are_files_and_directories(tmp_path):
    (tmp_path / "file").touch()
    mounts = [Mount(path=str(one), reason="test") for one in (tmp_path, tmp_path / "file")]
    assert check_sources(mounts) == ((str(tmp_path), True), (str(tmp_path / "file"), False))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="neither a file nor a directory"):
        check_sources([Mount(path=str(tmp_path / "pipe"), reason="test")])
    with pytest.raises(ConfigError, match="No such file"):
        check_sources([Mount(path=str(tmp_path / "none"), reason="test")])
