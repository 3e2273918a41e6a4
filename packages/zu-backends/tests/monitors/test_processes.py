import os
import signal
import socket
import sys

import pytest

from zu_backends.monitors import processes
from zu_backends.monitors.processes import read_status, sample_tree, shared_out_bytes

MIB = 1 << 20
FAMILY = """
import os, socket, sys, threading, time
harness = socket.socket(fileno=int(sys.argv[1]))
block = bytearray(os.urandom(1 << 16)) * (64 * 16)      # 64 MiB
children = []
def spawn():
    pid = os.fork()
    if pid == 0:
        if os.fork() == 0:
            harness.sendall(b"x")
            time.sleep(600)
        time.sleep(600)
for _ in range(2):
    spawn()
thread = threading.Thread(target=spawn)
thread.start()
thread.join()
harness.sendall(b"x")
time.sleep(600)
"""


@pytest.fixture
def family():
    """A process, three children (one forked by a thread that has ended), three grandchildren."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.set_inheritable(True)
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-c", FAMILY, str(theirs.fileno())],
            {},
            setpgroup=0,
        )
    with ours:
        ours.settimeout(30)
        told = b""
        while len(told) < 4:
            told += ours.recv(4)
        yield pid
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.mark.parametrize("scan", [False, True])
def test_all_descendants_are_seen(family, scan):
    sample = sample_tree(family, scan=scan)
    assert sample.pids[0] == family
    assert len(sample.pids) == 7
    assert len(set(sample.pids)) == 7


def test_the_sum_is_an_upper_bound_and_the_shares_are_the_truth(family):
    sample = sample_tree(family)
    assert sample.memory_bytes > 7 * 64 * MIB
    assert 64 * MIB <= shared_out_bytes(sample.pids) < 64 * MIB + 7 * 8 * MIB


def test_a_table_that_can_not_be_read_counts_in_full(family, monkeypatch):
    read = processes._read

    def refuse(path):
        if path.endswith("smaps_rollup"):
            raise PermissionError(path)
        return read(path)

    monkeypatch.setattr(processes, "_read", refuse)
    assert shared_out_bytes((family,)) >= 64 * MIB


def test_who_is_gone_is_none_and_nothing(family):
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert read_status(pid).state == "Z"
    assert sample_tree(pid).pids == ()
    os.waitpid(pid, 0)
    assert read_status(pid) is None
    assert sample_tree(pid).pids == ()
    assert shared_out_bytes((pid,)) == 0


def test_a_proc_that_can_not_be_read_is_an_error(family, monkeypatch):
    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(processes, "_read", refuse)
    with pytest.raises(PermissionError):
        sample_tree(family)
