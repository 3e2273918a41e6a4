"""Limits are read back from the kernel."""

import os

from zu_backends.docker import cgroups


def test_groups_are_found_in_both_versions():
    assert cgroups.parse("8:pids:/docker/a\n4:cpu,cpuacct:/b\n0::/c\n") == {
        "pids": "/sys/fs/cgroup/pids/docker/a",
        "cpu": "/sys/fs/cgroup/cpu,cpuacct/b",
        "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/b",
        "": "/sys/fs/cgroup/c",
    }


def test_limits_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(cgroups, "_ROOT", str(tmp_path))
    monkeypatch.setattr(
        cgroups, "parse", lambda _text: {"pids": str(tmp_path), "memory": str(tmp_path)}
    )
    (tmp_path / "pids.max").write_text("10\n")
    (tmp_path / "memory.limit_in_bytes").write_text("max\n")
    wanted = {"PidsLimit": 10, "Memory": 5}
    assert cgroups.check(os.getpid(), wanted).outcome == "escaped"
    (tmp_path / "memory.limit_in_bytes").write_text("5\n")
    assert cgroups.check(os.getpid(), wanted).outcome == "held"
    (tmp_path / "pids.max").write_text("11\n")
    assert "PidsLimit is 11" in cgroups.check(os.getpid(), wanted).detail
    (tmp_path / "pids.max").unlink()
    assert "no file" in cgroups.check(os.getpid(), wanted).detail


def test_a_process_that_is_gone_could_not_be_checked():
    assert cgroups.check(1 << 30, {}).outcome == "not-run"
