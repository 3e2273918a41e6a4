"""A workspace arrives whole and harmless, or not at all."""

import os
import socket
import stat

import pytest

from zu_backends.boxes.workspace import copy_workspace
from zu_core.contracts import Limits
from zu_core.errors import ConfigError

OWNER = (os.geteuid(), os.getegid())


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.mkdir()
    return path


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    (path / "work").mkdir(parents=True)
    return path


def copy(source, root, owner=OWNER, **limits):
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        copy_workspace(str(source), fd, owner, Limits(**limits))
    finally:
        os.close(fd)
    return root / "work"


def test_files_and_directories_arrive(source, root):
    (source / "a").mkdir()
    (source / "a" / "b.txt").write_text("content")
    (source / "a" / "empty").mkdir()
    work = copy(source, root)
    assert (work / "a" / "b.txt").read_text() == "content"
    assert (work / "a" / "empty").is_dir()


def test_links_stay_links(source, root):
    (source / "out").symlink_to("/etc/shadow")
    (source / "dir").symlink_to("/etc", target_is_directory=True)
    (source / "gone").symlink_to("nowhere")
    work = copy(source, root)
    assert {name: os.readlink(work / name) for name in os.listdir(work)} == {
        "out": "/etc/shadow",
        "dir": "/etc",
        "gone": "nowhere",
    }


def test_modes_are_reduced_to_whether_it_can_be_run(source, root):
    for name, mode in (("tool", 0o4755), ("plain", 0o600), ("shared", 0o2777), ("read", 0o444)):
        (source / name).write_text("")
        (source / name).chmod(mode)
    work = copy(source, root)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in work.iterdir()}
    assert modes == {"tool": 0o755, "plain": 0o644, "shared": 0o755, "read": 0o644}


def test_what_is_no_file_is_left_out(source, root):
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
        (source / "kept").write_text("")
        assert os.listdir(copy(source, root)) == ["kept"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_all_of_it_belongs_to_the_box(source, root):
    (source / "a").mkdir()
    (source / "a" / "b").write_text("")
    (source / "l").symlink_to("a")
    work = copy(source, root, owner=(60_999, 60_998))
    for path in (work / "a", work / "a" / "b", work / "l"):
        assert (path.lstat().st_uid, path.lstat().st_gid) == (60_999, 60_998)


def test_no_directory(tmp_path, root):
    with pytest.raises(ConfigError, match="no directory"):
        copy(tmp_path / "missing", root)


@pytest.mark.parametrize("limits", [{"disk_bytes": 1000}, {"disk_inodes": 2}])
def test_too_large(source, root, limits):
    for name in "abc":
        (source / name).write_bytes(b"x" * 500)
    with pytest.raises(ConfigError, match="more than the box's disk"):
        copy(source, root, **limits)
    assert os.listdir(root / "work") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_can_not_be_read_is_named(source, root):
    (source / "secret").write_text("")
    (source / "secret").chmod(0)
    with pytest.raises(ConfigError, match="secret"):
        copy(source, root)


async def test_a_program_in_a_box_can_change_it(source, bench, jail):
    (source / "old").write_text("old\n")
    copy_workspace(str(source), jail.root_fd, jail.owner, Limits())
    assert (await bench.shell(jail, "echo more >> old; cat old")).out == "old\nmore\n"
    assert (source / "old").read_text() == "old\n"
