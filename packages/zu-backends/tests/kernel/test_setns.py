"""Joining a network namespace."""

import os
import subprocess
import sys

import pytest

from zu_backends.kernel.setns import enter_network

OTHER = """
import os, sys
from zu_backends.kernel import libc
libc.unshare(libc.CLONE_NEWNET)
print(os.readlink("/proc/self/ns/net"), flush=True)
sys.stdin.read()
"""
JOIN = """
import os, sys
from zu_backends.kernel.setns import enter_network
enter_network(int(sys.argv[1]))
print(os.readlink("/proc/self/ns/net"))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="joining a network takes root")
def test_the_network_of_another_process_is_joined():
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", OTHER], **pipe) as other:
        theirs = other.stdout.readline()
        joined = subprocess.run(
            [sys.executable, "-c", JOIN, str(other.pid)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        other.stdin.close()
    assert joined.stdout == theirs != os.readlink("/proc/self/ns/net") + "\n"


def test_a_process_that_is_gone_is_told():
    with pytest.raises(FileNotFoundError):
        enter_network(1 << 30)
