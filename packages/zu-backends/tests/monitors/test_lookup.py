import errno
import os

import pytest

from zu_backends.monitors.lookup import missing_errno

OWNER = os.getuid()


@pytest.fixture
def root_fd(tmp_path):
    root = tmp_path / "root"
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/tool").touch()
    (root / "proc").mkdir()
    (root / "bin").symlink_to("/usr/bin")
    (root / "usr/bin/deep").symlink_to("/usr/bin/tool")
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
        "/bin/deep",
    ],
)
def test_what_is_there_is_not_missing(root_fd, path):
    assert missing_errno(root_fd, path.encode(), OWNER) == 0


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
    assert missing_errno(root_fd, path.encode(), OWNER) == error


@pytest.mark.parametrize(
    "path",
    [
        "/proc/self/exe",
        "/proc/nothing",
        "/self",
        "/loop",
        "/" + "x" * 300,
        "/usr/.." * 200 + "/nothing",
    ],
)
def test_what_we_can_not_tell_is_not_called_missing(root_fd, path):
    assert missing_errno(root_fd, path.encode(), OWNER) == 0


@pytest.mark.parametrize(
    ("mode", "uid", "error"),
    [
        (0o700, OWNER, errno.ENOENT),
        (0o700, OWNER + 1, 0),
        (0o754, OWNER + 1, 0),
        (0o711, OWNER + 1, errno.ENOENT),
    ],
)
def test_nobody_learns_what_is_in_a_directory_that_he_may_not_search(
    root_fd, tmp_path, mode, uid, error
):
    (tmp_path / "root/usr/bin").chmod(mode)
    assert missing_errno(root_fd, b"/usr/bin/nothing", uid) == error
    assert missing_errno(root_fd, b"/bin/tool", uid) == 0
    assert missing_errno(root_fd, b"/usr/bin", uid) == 0


def test_no_descriptor_is_left(root_fd, no_descriptor_left):
    with no_descriptor_left():
        for path in (b"/bin/tool", b"/bin/nothing", b"/loop", b"/usr/.." * 200):
            missing_errno(root_fd, path, OWNER)
