"""Failures of system calls are OSErrors that say which call it was."""

import os
import subprocess
import sys

import pytest

from zu_backends.kernel import libc


def test_a_failure_names_call_and_errno():
    with pytest.raises(FileNotFoundError, match="mount tmpfs on /none/here") as caught:
        libc.mount("tmpfs", "/none/here", "tmpfs")
    assert caught.value.strerror == "No such file or directory"
    with pytest.raises(OSError, match="unshare 0x1") as caught:
        libc.unshare(0x1)
    assert caught.value.errno == 22


def test_a_failed_fork_leaves_the_parent_alone():
    with pytest.raises(OSError, match="clone"):
        libc.fork_into(0x10000 | libc.CLONE_NEWPID)  # CLONE_THREAD without CLONE_SIGHAND
    assert os.getpid()


def test_descriptors_are_closed_from_a_number_on():
    source = (
        "import os; from zu_backends.kernel import libc\n"
        "fds = [os.open('/', 0) for _ in range(9)]\n"
        "libc.close_from(fds[4])\n"
        "print(sum(os.path.exists(f'/proc/self/fd/{fd}') for fd in fds))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == 4


def test_sizes_of_notifications_are_at_least_those_we_know():
    assert all(
        got >= known
        for got, known in zip(libc.seccomp_notification_sizes(), (80, 24, 64), strict=True)
    )


def test_a_new_session_keyring_is_another_one():
    source = (
        "import ctypes; from zu_backends.kernel import libc, syscalls\n"
        "number = syscalls.this_architecture().numbers['keyctl']\n"
        "session = lambda: ctypes.CDLL(None).syscall(number, 0, -3, 0)\n"
        "before = session(); libc.join_new_session_keyring(); print(before == session())"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
