"""The options of bubblewrap and what goes with them, without running any of it."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.boxes import plan
from zu_backends.boxes.plan import HostRoot
from zu_core.contracts import Limits, Mount
from zu_core.errors import ConfigError

MERGED = HostRoot(symlinks=(("bin", "usr/bin"), ("lib64", "usr/lib64")))
SPLIT = HostRoot(directories=("bin", "lib"))


def mounts(*paths):
    return tuple(Mount(path=path, reason="test") for path in paths)


def option_pairs(options, name, count=2):
    places = [place for place, one in enumerate(options) if one == name]
    return [tuple(options[place + 1 : place + 1 + count]) for place in places]


def test_the_options_of_a_box():
    options = plan.bwrap_options(MERGED, ("/opt/tool", "/etc/x"), {"A": "1"}, "/workspace", 5)
    for wanted in ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"):
        assert wanted in options
    for wanted in ("--disable-userns", "--die-with-parent", "--new-session"):
        assert wanted in options
    assert "--unshare-net" not in options
    assert option_pairs(options, "--cap-drop", 1) == [("ALL",)]
    assert option_pairs(options, "--seccomp", 1) == [("5",)]
    assert option_pairs(options, "--symlink") == [("usr/bin", "/bin"), ("usr/lib64", "/lib64")]
    assert option_pairs(options, "--ro-bind") == [
        ("/usr", "/usr"),
        ("/tmp/etc", "/etc"),
        ("/tmp/mounts/0", "/opt/tool"),
    ]
    assert option_pairs(options, "--bind") == [
        ("/tmp/files/home", "/home/tool"),
        ("/tmp/files/work", "/workspace"),
        ("/tmp/files/tmp", "/tmp"),
        ("/tmp/files/shm", "/dev/shm"),
    ]
    assert option_pairs(options, "--dev-bind") == [("/tmp/dev", "/dev")]
    assert option_pairs(options, "--setenv") == [("A", "1")]


def test_nothing_is_mounted_after_the_root_became_read_only():
    options = plan.bwrap_options(SPLIT, ("/opt/tool",), {}, "/", 5)
    last_bind = max(place for place, one in enumerate(options) if one.endswith("bind"))
    assert last_bind < options.index("--remount-ro")
    assert option_pairs(options, "--remount-ro", 1) == [("/dev",), ("/",)]


def test_a_host_without_merged_usr_shows_its_directories():
    assert ("/lib", "/lib") in option_pairs(plan.bwrap_options(SPLIT, (), {}, "/", 5), "--ro-bind")


def test_mounts_that_are_visible_already_are_left_out():
    given = mounts("/opt/a/b", "/usr/share/x", "/opt/a", "/bin/x", "/opt/ab")
    assert [one.path for one in plan.needed_mounts(given, MERGED)] == ["/opt/a", "/opt/ab"]


def test_what_is_writable_is_bound_as_it_is():
    options = plan.bwrap_options(MERGED, ("/a", "/b"), {}, "/", 5, writable=("/b",))
    assert ("/tmp/mounts/0", "/a") in option_pairs(options, "--ro-bind")
    assert ("/tmp/mounts/1", "/b") in option_pairs(options, "--bind")


def test_a_mount_of_another_kind_within_one_is_kept_and_comes_later():
    def kind(path, writable):
        return Mount(path=path, reason="test", writable=writable)

    given = (
        kind("/m/a/b/c", True),
        kind("/m/a/b", False),
        kind("/m/a", True),
        kind("/m/a", False),
        kind("/m/a/x", True),
        kind("/m/a/b/d", False),
        kind("/usr/x", True),
    )
    needed = [(one.path, one.writable) for one in plan.needed_mounts(given, MERGED)]
    assert needed == [("/m/a", True), ("/m/a/b", False), ("/m/a/b/c", True), ("/usr/x", True)]


def test_the_etc_of_the_host_is_never_writable():
    with pytest.raises(ConfigError):
        plan.needed_mounts((Mount(path="/etc/x", reason="test", writable=True),), MERGED)


def test_a_limit_that_is_none_is_not_set():
    assert "CPU" not in dict(plan.rlimits(Limits(cpu_seconds=None)))


TOO_MUCH = "/ /etc /home /root /var /tmp /proc/1 /sys /dev/null /workspace /home/tool"
ODD = "x /a/ /a/../b //a ./a"


@pytest.mark.parametrize("path", [*TOO_MUCH.split(), *ODD.split()])
def test_mounts_that_show_too_much_are_refused(path):
    with pytest.raises(ConfigError) as caught:
        plan.needed_mounts(mounts(path), MERGED)
    assert caught.value.advice


def test_mount_points_in_writable_directories_are_prepared():
    given = [("/tmp/a/b", True), ("/workspace/c", False), ("/opt/x", True)]
    assert plan.placeholders(given) == ("files/tmp/a/b/", "files/work/c")


def test_the_root_directory_has_known_names():
    assert plan.root_entries(MERGED, mounts("/opt/a")) == (
        *("bin", "dev", "etc", "home", "lib64", "opt", "proc", "tmp", "usr", "workspace"),
    )


def test_limits_leave_room_for_the_box_s_own_processes():
    limits = dict(plan.rlimits(Limits(processes=10, open_files=20)))
    assert limits["NPROC"] == 13
    assert limits["NOFILE"] == 20
    assert limits["CORE"] == 0


@given(st.lists(st.text(st.sampled_from("ab/"), min_size=1).map(lambda one: "/m" + one)))
def test_needed_mounts_cover_every_mount(paths):
    paths = [os.path.normpath(path) for path in paths]
    needed = [one.path for one in plan.needed_mounts(mounts(*paths), MERGED)]
    for path in paths:
        assert any(plan.is_below(path, one) for one in needed)
    for one in needed:
        assert not any(plan.is_below(one, other) for other in needed if other != one)
