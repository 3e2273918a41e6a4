import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.monitors import files
from zu_backends.monitors.files import FileMonitor, path_in_box
from zu_backends.monitors.tree import Bounds
from zu_core.errors import Unavailable


@pytest.fixture
def root(tmp_path):
    for place in ("home", "work", "tmp", "shm"):
        (tmp_path / place).mkdir()
    return tmp_path


@pytest.fixture
def root_fd(root):
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def told(changes):
    return [(fact.change, fact.type, fact.path) for fact in changes]


def test_changes_are_told_once_with_the_paths_of_the_box(root, root_fd):
    (root / "home/kept").write_text("kept")
    (root / "home/gone").write_text("gone")
    (root / "home/edited").write_text("before")
    (root / "tmp/moved").write_text("moved")
    (root / "work/mode").write_text("mode")
    monitor = FileMonitor(root_fd)
    monitor.baseline()
    assert monitor.changes() == ()
    (root / "home/gone").unlink()
    (root / "home/edited").write_text("behind")
    (root / "tmp/moved").rename(root / "shm/moved")
    (root / "work/mode").chmod(0o4755)
    (root / "home/.ssh").mkdir()
    (root / "home/.ssh/authorized_keys").write_text("key")
    (root / "work/link").symlink_to("/etc/passwd")
    os.mkfifo(root / "work/fifo")
    changes = monitor.changes()
    assert told(changes) == [
        ("created", "directory", "/home/tool/.ssh"),
        ("created", "file", "/home/tool/.ssh/authorized_keys"),
        ("changed", "file", "/home/tool/edited"),
        ("deleted", "file", "/home/tool/gone"),
        ("created", "file", "/dev/shm/moved"),
        ("deleted", "file", "/tmp/moved"),
        ("created", "other", "/workspace/fifo"),
        ("created", "symlink", "/workspace/link"),
        ("changed", "file", "/workspace/mode"),
    ]
    by_path = {fact.path: fact for fact in changes}
    assert by_path["/home/tool/.ssh/authorized_keys"].sample == b"key"
    assert by_path["/home/tool/edited"].sample == b"behind"
    assert by_path["/workspace/mode"].mode == 0o4755
    assert by_path["/home/tool/gone"].size == 4
    assert monitor.changes() == ()
    assert monitor.report().state == "complete"
    assert monitor.report().facts == 9


def test_a_forged_modification_time_hides_nothing(root, root_fd):
    path = root / "home/file"
    path.write_text("before")
    os.utime(path, ns=(0, 0))
    monitor = FileMonitor(root_fd)
    monitor.baseline()
    with open(path, "r+") as file:
        file.write("behind")
    os.utime(path, ns=(0, 0))
    assert told(monitor.changes()) == [("changed", "file", "/home/tool/file")]


def test_a_directory_replaced_by_a_link_is_told(root, root_fd):
    (root / "home/dir").mkdir()
    (root / "home/dir/x").touch()
    monitor = FileMonitor(root_fd)
    monitor.baseline()
    (root / "home/dir/x").unlink()
    (root / "home/dir").rmdir()
    (root / "home/dir").symlink_to("/etc")
    assert told(monitor.changes()) == [
        ("changed", "symlink", "/home/tool/dir"),
        ("deleted", "file", "/home/tool/dir/x"),
    ]


def test_a_sample_is_4_kib_and_all_samples_together_are_bounded(root, root_fd, monkeypatch):
    monkeypatch.setattr(files, "SAMPLES_TOTAL_BYTES", 6000)
    monitor = FileMonitor(root_fd)
    monitor.baseline()
    for name in ("a", "b", "c"):
        (root / "tmp" / name).write_bytes(b"x" * 5000)
    changes = monitor.changes()
    assert sorted(len(fact.sample) for fact in changes) == [0, 6000 - 4096, 4096]
    assert [fact.size for fact in changes] == [5000] * 3


def test_what_must_not_be_opened_is_not_even_through_another_name(root, root_fd):
    canary = root / "home/canary"
    canary.write_text("secret")
    os.utime(canary, ns=(0, 0))
    monitor = FileMonitor(root_fd, unsampled={canary.stat().st_ino})
    monitor.baseline()
    canary.write_text("changed")
    os.link(canary, root / "tmp/link")
    changes = monitor.changes()
    assert told(changes) == [
        ("changed", "file", "/home/tool/canary"),
        ("created", "file", "/tmp/link"),
    ]
    assert [fact.sample for fact in changes] == [b"", b""]


def test_too_many_files_are_a_loss_that_stays(root, root_fd):
    monitor = FileMonitor(root_fd, bounds=Bounds(entries=10))
    monitor.baseline()
    assert monitor.changes() == ()
    for i in range(10):
        (root / f"tmp/{i}").touch()
    with pytest.raises(Unavailable, match="entries"):
        monitor.changes()
    for i in range(10):
        (root / f"tmp/{i}").unlink()
    assert monitor.changes() == ()
    assert monitor.report().state == "lost"
    assert "entries" in monitor.report().reason


def test_a_root_that_can_not_be_read_is_a_loss(root):
    fd = os.open(root, os.O_RDONLY)
    monitor = FileMonitor(fd)
    monitor.baseline()
    os.close(fd)
    with pytest.raises(Unavailable, match="can't be read"):
        monitor.changes()
    assert monitor.report().state == "lost"


def test_without_a_baseline_nothing_can_be_said(root_fd):
    monitor = FileMonitor(root_fd)
    with pytest.raises(Unavailable, match="not looked at"):
        monitor.changes()
    assert monitor.report().state == "lost"


def test_without_a_comparison_the_account_is_lost(root_fd):
    monitor = FileMonitor(root_fd)
    monitor.baseline()
    assert monitor.report().state == "lost"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"home", "/home/tool"),
        (b"home/a/b", "/home/tool/a/b"),
        (b"shm/x", "/dev/shm/x"),
        (b"tmp/new\nline", "/tmp/new\nline"),
        (b"work/bad\xff", "/workspace/bad\\xff"),
        (b"other/x", "/other/x"),
    ],
)
def test_paths_are_those_that_the_box_shows(path, shown):
    assert path_in_box(path) == shown


@given(st.binary(min_size=1, max_size=50))
def test_any_path_can_be_written_to_the_record(path):
    path_in_box(path).encode()
