"""What files of the system tell, on systems made for it."""

import os

import pytest

from zu_backends.machine import files


class System:
    def __init__(self, root):
        self.root = root

    def write(self, path, text):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def mounts(self, *lines):
        self.write("proc/self/mounts", "".join(f"x {line} 0 0\n" for line in lines))


@pytest.fixture
def system(tmp_path):
    return System(tmp_path)


@pytest.mark.parametrize(
    ("release", "state"),
    [
        ("6.18.0", "ok"),
        ("5.9.0-1-amd64", "ok"),
        ("5.8.18", "missing"),
        ("4.19.0", "missing"),
        ("?", "unknown"),
    ],
)
def test_the_kernel_is_judged_by_its_release(release, state):
    found = files.kernel(release)
    assert found.state == state
    assert bool(found.remedy) == (state == "missing")


def test_few_watches_are_named_with_what_to_set(system):
    system.write("proc/sys/fs/inotify/max_user_instances", "8\n")
    system.write("proc/sys/fs/inotify/max_user_watches", "65536\n")
    found = files.inotify(system.root)
    assert found.state == "missing"
    assert "max_user_instances" in found.remedy
    system.write("proc/sys/fs/inotify/max_user_instances", "128\n")
    assert files.inotify(system.root).state == "ok"


@pytest.mark.parametrize(
    "look", [files.inotify, files.cgroup_v1, files.cgroup_v2, files.proc_mounts, files.memory]
)
def test_what_cannot_be_read_is_unknown_and_not_missing(look, system):
    assert look(system.root).state == "unknown"


def test_hierarchies_of_version_1_are_found_with_who_may_use_them(system):
    system.mounts("/sys/fs/cgroup/memory cgroup rw,memory", "/sys/fs/cgroup/p cgroup rw,pids,cpu")
    for name in ("memory", "p"):
        (system.root / "sys/fs/cgroup" / name).mkdir(parents=True)
    assert files.cgroup_v1(system.root).state == "ok"
    system.mounts("/sys/fs/cgroup/memory cgroup rw,memory")
    assert files.cgroup_v1(system.root).state == "missing"
    system.mounts("/ ext4 rw")
    assert "no hierarchy" in files.cgroup_v1(system.root).found


def test_the_unified_hierarchy_counts_where_it_is_delegated(system):
    system.mounts("/sys/fs/cgroup cgroup2 rw,nsdelegate")
    system.write("proc/self/cgroup", "0::/user.slice/zu.scope\n")
    place = "sys/fs/cgroup/user.slice/zu.scope"
    system.write(f"{place}/cgroup.controllers", "cpu memory pids\n")
    system.write(f"{place}/cgroup.procs", "")
    assert files.cgroup_v2(system.root).state == "ok"
    system.write(f"{place}/cgroup.controllers", "hugetlb\n")
    found = files.cgroup_v2(system.root)
    assert (found.state, found.needed) == ("missing", False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_group_of_another_account_is_not_delegated(system):
    system.mounts("/sys/fs/cgroup cgroup2 rw")
    system.write("proc/self/cgroup", "0::/\n")
    system.write("sys/fs/cgroup/cgroup.controllers", "memory pids\n")
    system.write("sys/fs/cgroup/cgroup.procs", "")
    (system.root / "sys/fs/cgroup/cgroup.procs").chmod(0o444)
    assert "systemd-run" in files.cgroup_v2(system.root).remedy


@pytest.mark.parametrize(
    ("options", "state"),
    [
        ("rw", "ok"),
        ("rw,hidepid=0", "ok"),
        ("rw,hidepid=2", "missing"),
        ("rw,hidepid=invisible", "missing"),
    ],
)
def test_a_proc_that_hides_processes_hides_them_from_monitors(system, options, state):
    system.mounts(f"/proc proc {options}")
    assert files.proc_mounts(system.root).state == state


def test_what_covers_proc_is_told(system):
    system.mounts("/proc proc rw", "/proc/kcore tmpfs rw")
    assert "/proc/kcore" in files.proc_mounts(system.root).found


def test_memory_is_what_is_available(system):
    system.write("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    4194304 kB\n")
    assert files.memory(system.root).found.startswith("4.0 GiB")
    system.write("proc/meminfo", "MemAvailable:    4096 kB\n")
    assert files.memory(system.root).state == "missing"
