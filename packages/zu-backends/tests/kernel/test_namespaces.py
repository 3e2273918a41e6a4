"""New namespaces by one fork, in a process of its own."""

import os
import subprocess
import sys

import pytest

SOURCE = """
import os, sys
from zu_backends.kernel import libc, namespaces
ids = os.geteuid(), os.getegid()
pid = libc.fork_into(libc.CLONE_NEWUSER | libc.CLONE_NEWPID | libc.CLONE_NEWNS)
if pid:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
namespaces.map_single_user(1000, *ids)
namespaces.make_mounts_private()
os.mkdir(sys.argv[1])
namespaces.mount_tmpfs(sys.argv[1], "size=64k,nr_inodes=8")
os.mkdir(sys.argv[1] + "/a")
os.mkdir(sys.argv[1] + "/b")
open(sys.argv[1] + "/a/file", "w").close()
namespaces.bind(sys.argv[1] + "/a", sys.argv[1] + "/b")
print(os.getpid(), os.getuid(), os.getgid(), os.listdir(sys.argv[1] + "/b"), flush=True)
os._exit(7)
"""


def test_the_child_is_first_in_its_own_namespaces(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SOURCE, str(tmp_path / "mount")],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine gives nobody a user namespace")
    assert (done.returncode, done.stdout) == (7, "1 1000 1000 ['file']\n"), done.stderr
    assert os.listdir(tmp_path / "mount") == []
