"""The end of a program is recorded when it comes, and once, whoever asks."""

import asyncio
import os
import signal

import msgspec
import pytest

from zu_core.contracts import Limits
from zu_core.errors import Unavailable
from zu_core.events import MonitorReported, ProgramEnded, ResourceObserved

from .conftest import SPEC


async def test_the_end_is_recorded_although_nobody_waits(lab):
    async with lab.box() as box:
        program = await box.start(["/bin/cat"])
        program.stdin.close()
        async with asyncio.timeout(5):
            while not lab.of(ProgramEnded):
                await asyncio.sleep(0.005)
        reports = {one.monitor: one.state for one in lab.of(MonitorReported)}
        assert reports == {"syscalls": "complete", "resources": "complete"}


async def test_all_that_wait_get_the_same_end(lab):
    async with lab.box() as box:
        program = await box.start(["/bin/sh", "-c", "read x; exit 5"])
        waiting = [asyncio.create_task(program.wait()) for _ in range(3)]
        program.stdin.close()
        ends = await asyncio.gather(*waiting)
        assert {end.code for end in ends} == {5}
        assert await program.wait() == ends[0]
    assert len(lab.of(ProgramEnded)) == 1


async def test_a_cancelled_wait_does_not_touch_the_program(lab):
    async with lab.box() as box:
        program = await box.start(["/bin/cat"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(program.wait(), 0.05)
        program.stdin.write(b"still here\n")
        assert await program.stdout.read(100) == b"still here\n"
        program.stdin.close()
        assert (await program.wait()).code == 0


async def test_input_of_a_program_that_is_gone_is_a_broken_pipe(lab):
    async with lab.box() as box:
        program = await box.start(["/bin/true"])
        await program.wait()
        program.stdin.write(b"x")
        await asyncio.sleep(0.01)  # the loop takes note of the broken pipe
        with pytest.raises(ConnectionError):
            await program.stdin.drain()


async def test_programs_that_end_at_once_are_none_the_less_seen_to_end(lab):
    """A program may be gone before `start` returns."""
    async with lab.box() as box:
        for _ in range(20):
            program = await box.start(["/bin/true"])
            assert (await program.wait()).code == 0
    assert len(lab.of(ProgramEnded)) == 20


async def test_a_limit_is_told_once_and_the_kill_waits_for_nobody(lab):
    spec = msgspec.structs.replace(SPEC, limits=Limits(wall_seconds=0.2))
    async with lab.box(spec) as box:
        program = await box.start(["/bin/sh", "-c", "trap '' TERM INT; while :; do sleep 9; done"])
        end = await asyncio.wait_for(program.wait(), 10)
    assert end.killed_for == "wall_seconds"
    assert len(lab.of(ResourceObserved)) == 1


async def test_a_stopped_program_is_killed(lab):
    async with lab.box() as box:
        program = await box.start(["/bin/sh", "-c", "kill -STOP $$; sleep 600"])
        await asyncio.wait_for(program.kill(), 10)
        assert (await program.wait()).code == 137


async def test_the_end_is_unknown_if_the_box_ends_first(lab):
    async def run() -> None:
        async with lab.box() as box:
            program = await box.start(["/bin/cat"])
            os.kill(lab.jails[0].holder_pid, signal.SIGKILL)
            with pytest.raises(Unavailable, match="the box has ended"):
                await program.wait()
            await asyncio.wait_for(program.kill(), 10)

    with pytest.raises(Unavailable, match="the box has ended"):
        await run()
    assert lab.of(ProgramEnded) == []
    reports = {one.monitor for one in lab.of(MonitorReported)}
    assert reports == {"syscalls", "resources", "egress", "canaries", "files"}
