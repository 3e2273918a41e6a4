"""Jails for tests: notifications are answered by the event loop, programs run to their end."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from zu_backends.boxes.bubblewrap import Jail, JailedExit, JailedProcess, JailSpec, Spawner
from zu_backends.boxes.installation import find_installation
from zu_backends.kernel.seccomp import Notification, Notifier
from zu_core.contracts import Limits, Mount

PYTHON = os.path.realpath(sys.executable)
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/home/tool"}


@dataclass
class Result:
    exit: JailedExit
    out: str
    err: str
    calls: list[Notification] = field(default_factory=list)


class Bench:
    """Opens jails that have this Python in them and runs programs there."""

    def __init__(self, spawner: Spawner) -> None:
        self.spawner = spawner
        self._python = find_installation([PYTHON], "", "/").mounts

    async def open(self, *mounts: Mount, **limits: float) -> Jail:
        spec = JailSpec(mounts=(*self._python, *mounts), limits=Limits(**limits))
        return await Jail.open(spec, self.spawner)

    async def start(
        self,
        jail: Jail,
        argv: Sequence[str],
        env: Mapping[str, str] = ENVIRONMENT,
        cwd: str = "/workspace",
        control: bool = False,
        calls: list[Notification] | None = None,
    ) -> JailedProcess:
        process = await jail.run(argv, env, cwd, control=control)
        answer_all(process.notify_fd, calls if calls is not None else [])
        await process.release()
        return process

    async def run(self, jail: Jail, argv: Sequence[str], text: bytes = b"") -> Result:
        calls: list[Notification] = []
        process = await self.start(jail, argv, calls=calls)
        process.stdin.write(text)
        process.stdin.close()
        out, err = await asyncio.gather(process.stdout.read(), process.stderr.read())
        return Result(await process.wait(), out.decode(), err.decode(), calls)

    async def shell(self, jail: Jail, script: str) -> Result:
        return await self.run(jail, ["/bin/sh", "-c", script])

    async def python(self, jail: Jail, source: str, *arguments: str) -> Result:
        return await self.run(jail, [PYTHON, "-I", "-S", "-c", source, *arguments])


def answer_all(fd: int, calls: list[Notification]) -> None:
    """Let every call through until no process is left that could make one."""
    loop = asyncio.get_running_loop()
    notifier = Notifier(fd)

    def answer() -> None:
        call = None if notifier.ended() else notifier.receive()
        if call is not None:
            calls.append(call)
            notifier.allow(call)
        elif notifier.ended():
            loop.remove_reader(fd)
            notifier.close()

    loop.add_reader(fd, answer)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with await Spawner.start() as spawner:
        yield Bench(spawner)


@pytest.fixture
async def jail(bench: Bench) -> AsyncIterator[Jail]:
    async with await bench.open() as jail:
        yield jail
