import fcntl
import os
import signal
import sys
import time
from contextlib import contextmanager

import pytest

from zu_backends.monitors.tree import Bounds, snapshot
from zu_core.errors import Unavailable

BOUNDS = Bounds()
NOBODY = 65534

SWAP = """
import os, sys
root, outside = sys.argv[1:]
while True:
    for i in range(20):
        directory = f"{root}/d{i}"
        os.rename(directory, f"{root}/aside")
        os.symlink(outside, directory)
        os.unlink(directory)
        os.rename(f"{root}/aside", directory)
"""


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    path.mkdir()
    return path


@pytest.fixture
def root_fd(root):
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


@contextmanager
def ordinary_user():
    """Go on as one who is no superuser: that one may read everything anyway."""
    if os.getuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def give_away(root):
    if os.getuid() == 0:
        for path in (root, *root.rglob("*")):
            os.lchown(path, NOBODY, NOBODY)


def kinds(snap):
    return {path: node.kind for path, node in snap.nodes.items()}


def everything(_path, _node):
    return 4096


def test_every_kind_of_name_is_seen_and_none_is_followed(root, root_fd, tmp_path):
    (tmp_path / "outside").write_text("outside")
    (root / "file").write_text("content")
    (root / "dir/below").mkdir(parents=True)
    (root / "dir/below/x").touch()
    (root / "absolute").symlink_to("/etc")
    (root / "climbing").symlink_to("../outside")
    (root / "dangling").symlink_to("nothing")
    os.mkfifo(root / "fifo")
    snap = snapshot(root_fd, BOUNDS, everything)
    assert kinds(snap) == {
        b"file": "file",
        b"dir": "directory",
        b"dir/below": "directory",
        b"dir/below/x": "file",
        b"absolute": "symlink",
        b"climbing": "symlink",
        b"dangling": "symlink",
        b"fifo": "other",
    }
    assert snap.samples == {b"file": b"content"}
    assert snap.nodes[b"file"].size == 7


def test_names_are_bytes(root, root_fd):
    names = [b"new\nline", b"bad\xff", b"\x1b[31m", "\u202e".encode()]
    for name in names:
        (root / os.fsdecode(name)).touch()
    assert set(snapshot(root_fd, BOUNDS).nodes) == set(names)


def test_a_sparse_file_costs_its_sample(root, root_fd):
    with open(root / "huge", "wb") as file:
        file.truncate(1 << 40)
    snap = snapshot(root_fd, BOUNDS, everything)
    assert snap.nodes[b"huge"].size == 1 << 40
    assert snap.samples[b"huge"] == bytes(4096)


def test_what_its_owner_may_not_read_is_read_and_left_as_it_was(root, root_fd):
    (root / "dir/below").mkdir(parents=True)
    (root / "dir/below/file").write_text("hidden")
    (root / "dir/below/file").chmod(0o000)
    (root / "dir/below").chmod(0o000)
    (root / "dir").chmod(0o300)
    give_away(root)
    with ordinary_user():
        first = snapshot(root_fd, BOUNDS, everything)
        second = snapshot(root_fd, BOUNDS)
    assert first.samples == {b"dir/below/file": b"hidden"}
    modes = {path: node.mode for path, node in first.nodes.items()}
    assert modes == {b"dir": 0o300, b"dir/below": 0o000, b"dir/below/file": 0o000}
    assert all(second.nodes[path].same_as(node) for path, node in first.nodes.items())


@pytest.mark.skipif(os.getuid() != 0, reason="needs a directory of another user")
def test_a_directory_of_another_user_makes_the_walk_fail(root, root_fd):
    (root / "foreign").mkdir(mode=0o700)
    os.chown(root, NOBODY, NOBODY)
    with ordinary_user(), pytest.raises(Unavailable, match="foreign"):
        snapshot(root_fd, BOUNDS)


def replace_by_link(root, outside):
    (root / "file").unlink()
    (root / "file").symlink_to(outside)


def replace_by_fifo(root, _outside):
    (root / "file").unlink()
    os.mkfifo(root / "file")


def replace_by_other_file(root, _outside):
    (root / "other").rename(root / "file")


@pytest.mark.parametrize("replace", [replace_by_link, replace_by_fifo, replace_by_other_file])
def test_a_file_that_is_replaced_before_it_is_opened_gives_no_sample(
    root, root_fd, tmp_path, replace
):
    outside = tmp_path / "outside"
    outside.write_text("secret of the host")
    (root / "file").write_text("content")
    (root / "other").write_text("another")

    def then(path, _node):
        if path == b"file":
            replace(root, outside)
            return 4096
        return 0

    assert snapshot(root_fd, BOUNDS, then).samples == {}


def test_a_lease_does_not_hold_the_walk_up(root, root_fd):
    previous = signal.signal(signal.SIGIO, signal.SIG_IGN)
    try:
        with open(root / "leased", "w") as file:
            file.write("x")
            file.flush()
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            started = time.monotonic()
            snap = snapshot(root_fd, BOUNDS, everything)
            assert time.monotonic() - started < 5
        assert kinds(snap) == {b"leased": "file"}
        assert snap.samples == {}
    finally:
        signal.signal(signal.SIGIO, previous)


def test_directories_swapped_for_links_during_the_walk_lead_nowhere(root, root_fd, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "of-the-host").write_text("secret of the host")
    for i in range(20):
        (root / f"d{i}").mkdir()
        (root / f"d{i}" / "inside").write_text("inside")
    swapper = os.posix_spawn(
        sys.executable, [sys.executable, "-I", "-c", SWAP, str(root), str(outside)], {}
    )
    rounds = links = 0
    try:
        while rounds < 300 or not links:
            rounds += 1
            snap = snapshot(root_fd, BOUNDS, everything)
            assert not [path for path in snap.nodes if b"of-the-host" in path]
            assert b"secret of the host" not in snap.samples.values()
            links += "symlink" in kinds(snap).values()
    finally:
        os.kill(swapper, signal.SIGKILL)
        os.waitpid(swapper, 0)


def test_a_directory_that_becomes_a_link_after_the_look_is_not_entered(
    root, root_fd, tmp_path, monkeypatch
):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "of-the-host").touch()
    (root / "dir").mkdir()
    stat = os.stat

    def stat_then_swap(name, *, dir_fd, follow_symlinks):
        status = stat(name, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        (root / "dir").rmdir()
        (root / "dir").symlink_to(outside)
        return status

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat_then_swap)
        nodes = snapshot(root_fd, BOUNDS).nodes
    assert nodes == {}


@pytest.mark.parametrize(
    ("bounds", "bound"),
    [
        (Bounds(entries=19), "entries"),
        (Bounds(depth=4), "depth"),
        (Bounds(path_bytes=100), "path_bytes"),
        (Bounds(seconds=0.0), "seconds"),
    ],
)
def test_a_tree_beyond_the_bounds_is_an_error(root, root_fd, bounds, bound):
    for i in range(15):
        (root / f"file-{i}").touch()
    (root / "a/b/c/d/e").mkdir(parents=True)
    assert len(snapshot(root_fd, BOUNDS).nodes) == 20
    with pytest.raises(Unavailable, match=bound):
        snapshot(root_fd, bounds)


def test_nesting_beyond_path_max_is_an_error_and_leaves_no_descriptor(
    root, root_fd, no_descriptor_left
):
    fd = os.dup(root_fd)
    for _ in range(200):
        os.mkdir("d" * 200, dir_fd=fd)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    with no_descriptor_left(), pytest.raises(Unavailable, match="depth"):
        snapshot(root_fd, BOUNDS)


def test_another_file_system_is_not_entered(root, root_fd, monkeypatch):
    (root / "mnt").mkdir()
    (root / "mnt/inside").touch()
    fstat = os.fstat

    def fstat_of_another_device(fd):
        status = fstat(fd)
        if os.readlink(f"/proc/self/fd/{fd}").endswith("/mnt"):
            fields = list(status)
            fields[2] += 1
            return os.stat_result(fields)
        return status

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fstat_of_another_device)
        snap = snapshot(root_fd, BOUNDS)
    assert kinds(snap) == {b"mnt": "directory"}
