"""A harness that is about to die: opens a jail, runs a program in it, tells and waits.

Run by test_lifetime.py as `python session.py MARKER`; prints pids of spawner and holder.
"""

import asyncio
import sys

from zu_backends.boxes.bubblewrap import Jail, JailSpec, Spawner
from zu_backends.kernel.seccomp import Notifier


async def main() -> None:
    loop = asyncio.get_running_loop()
    spawner = await Spawner.start()
    jail = await Jail.open(JailSpec(), spawner)
    script = f"setsid sleep {sys.argv[1]} & setsid sleep {sys.argv[1]} & echo up; wait"
    process = await jail.run(["/bin/sh", "-c", script], {"PATH": "/usr/bin:/bin"}, "/workspace")
    notifier = Notifier(process.notify_fd)
    loop.add_reader(process.notify_fd, lambda: notifier.allow(notifier.receive()))
    await process.release()
    assert await process.stdout.readline() == b"up\n"
    sys.stdout.write(f"{spawner.pid} {jail.holder_pid}\n")
    sys.stdout.flush()
    await asyncio.sleep(100)


asyncio.run(main())
