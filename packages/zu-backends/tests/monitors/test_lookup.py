import errno
import os

import pytest

from zu_backends.monitors.lookup import missing_errno


@pytest.fixture
def root_fd(tmp_path):
    root = tmp_path / "root"
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/tool").touch()
    (root / "proc").mkdir()
    (root / "bin").symlink_to("/usr/bin")
    (root / "out").symlink_to("/outside")
    (root / "up").symlink_to("../../../outside")
    (root / "self").symlink_to("/proc/self/exe")
    (root / "loop").symlink_to("loop")
    (tmp_path / "outside").touch()
    fd = os.open(root, os.O_PATH)
    yield fd
    os.close(fd)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/usr/bin/tool",
        "//usr/./bin/tool/",
        "/bin/tool",
        "/usr/../bin/tool",
        "/../../usr/bin/tool",
        "/bin/../bin/tool",
    ],
)
def test_what_is_there_is_not_missing(root_fd, path):
    assert missing_errno(root_fd, path.encode()) == 0


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/nothing", errno.ENOENT),
        ("/bin/nothing", errno.ENOENT),
        ("/nothing/../usr/bin/tool", errno.ENOENT),
        ("/usr/bin/tool/x", errno.ENOTDIR),
        ("/out", errno.ENOENT),
        ("/up", errno.ENOENT),
        ("/../outside", errno.ENOENT),
        ("/usr/../../outside", errno.ENOENT),
    ],
)
def test_what_is_not_there_is_missing_and_the_root_is_never_left(root_fd, path, error):
    assert missing_errno(root_fd, path.encode()) == error


@pytest.mark.parametrize(
    "path", ["/proc/self/exe", "/proc/nothing", "/self", "/loop", "/" + "x" * 300, "/usr/.." * 200]
)
def test_what_we_can_not_tell_is_not_called_missing(root_fd, path):
    assert missing_errno(root_fd, path.encode()) == 0


def test_no_descriptor_is_left(root_fd):
    before = os.listdir("/proc/self/fd")
    for path in (b"/bin/tool", b"/bin/nothing", b"/loop", b"/usr/.." * 200):
        missing_errno(root_fd, path)
    assert os.listdir("/proc/self/fd") == before
