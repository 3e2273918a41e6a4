"""The helper's start and end, and machines where no box can be had."""

import asyncio
import os
import subprocess
import sys

import pytest

from zu_backends.boxes.bubblewrap import Jail, JailSpec
from zu_backends.boxes.bwrap import Bwrap
from zu_backends.boxes.spawner import Spawner
from zu_backends.kernel.seccomp import Notifier
from zu_core.errors import Unavailable

# A user namespace in which the number of further ones is limited to none.
WITHOUT_NAMESPACES = """
import asyncio, os, sys
from zu_backends.boxes.bubblewrap import Jail, JailSpec
from zu_backends.kernel import libc, namespaces
from zu_core.errors import Unavailable
ids = os.geteuid(), os.getegid()
libc.unshare(libc.CLONE_NEWUSER)
namespaces.map_single_user(1000, *ids)
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
try:
    asyncio.run(Jail.open(JailSpec()))
except Unavailable as error:
    print(error)
"""


async def test_a_jail_without_a_spawner_ends_its_own():
    async with await Jail.open(JailSpec()) as jail:
        spawner = jail._spawner.pid
        assert os.path.exists(f"/proc/{spawner}")
    assert not os.path.exists(f"/proc/{spawner}")


async def test_the_helper_inherits_nothing():
    async with await Spawner.start() as spawner:
        with open(f"/proc/{spawner.pid}/environ") as file:
            assert file.read() == ""
        assert os.readlink(f"/proc/{spawner.pid}/cwd") == "/"
        async with await Jail.open(JailSpec(), spawner):
            pass
        # streams, control socket, and the two ends of the lifeline
        assert len(os.listdir(f"/proc/{spawner.pid}/fd")) == 6


async def test_a_bubblewrap_that_is_gone_is_named():
    async with (
        await Spawner.start(Bwrap("/nothing/bwrap")) as spawner,
        await Jail.open(JailSpec(), spawner) as jail,
    ):
        process = await jail.run(["/bin/true"], {}, "/", control=False)
        answered = asyncio.create_task(asyncio.to_thread(_allow_one, process.notify_fd))
        with pytest.raises(Unavailable, match=r"bubblewrap can't be had: .*No such file"):
            await process.release()
        await answered


def test_a_machine_without_user_namespaces_is_told_what_to_change():
    if os.getuid() == 0 and not os.path.exists("/proc/sys/user/max_user_namespaces"):
        pytest.skip("this kernel has no limit on user namespaces")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NAMESPACES],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "namespaces can't be had: clone" in done.stdout, done.stderr
    assert "ENOSPC" in done.stdout
    assert "user.max_user_namespaces above 0" in done.stdout


def _allow_one(fd):
    with Notifier(fd) as notifier:
        notifier.allow(notifier.receive())
