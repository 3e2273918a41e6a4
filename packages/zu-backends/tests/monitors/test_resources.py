import asyncio
import os
import signal
import socket
import sys

import pytest

from zu_backends.monitors import resources
from zu_backends.monitors.processes import Sample
from zu_backends.monitors.resources import ResourceMonitor
from zu_core.contracts.limits import Limits
from zu_core.errors import Unavailable

MIB = 1 << 20
WAIT = "import sys; sys.stdin.read()"
HOLD = "block = bytearray({mib} << 20)\nfor i in range(0, len(block), 4096): block[i] = 1\n"


@pytest.fixture
def run():
    """Starts a Python program that ends when the returned socket is closed."""
    started = []

    def start(source):
        ours, theirs = socket.socketpair()
        with theirs:
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-c", source],
                {},
                file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 0)],
                setpgroup=0,
            )
        started.append((pid, ours))
        return pid, ours

    yield start
    for pid, ours in started:
        ours.close()
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


class Breaches(list):
    def __init__(self):
        self.first = asyncio.Event()

    def __call__(self, resource, used):
        self.append((resource, used))
        self.first.set()


async def ended(monitor):
    async with asyncio.timeout(20):
        while monitor.report().state == "lost" and not monitor.report().reason.startswith("samp"):
            await asyncio.sleep(0.01)


async def test_a_program_within_its_limits_is_measured_to_its_end(run):
    breaches = Breaches()
    pid, ours = run(HOLD.format(mib=50) + WAIT)
    monitor = ResourceMonitor(pid, Limits(), breaches)
    monitor.start()
    async with asyncio.timeout(20):
        while monitor.usage(0.0).peak_memory_bytes < 50 * MIB:
            await asyncio.sleep(0.01)
    ours.close()
    await ended(monitor)
    usage = monitor.usage(1.5)
    assert usage.cpu_seconds == 1.5
    assert 50 * MIB < usage.peak_memory_bytes < 90 * MIB
    assert usage.peak_processes == 1
    assert 0 < usage.wall_seconds < 20
    assert monitor.usage(0.0).wall_seconds == usage.wall_seconds
    assert breaches == []
    report = monitor.report()
    assert (report.monitor, report.state) == ("resources", "complete")
    assert report.facts > 0
    await monitor.stop()


async def test_memory_beyond_the_limit_is_told_once(run):
    breaches = Breaches()
    pid, _ours = run(HOLD.format(mib=80) + WAIT)
    monitor = ResourceMonitor(pid, Limits(memory_bytes=40 * MIB), breaches, interval_seconds=0.01)
    monitor.start()
    await asyncio.wait_for(breaches.first.wait(), 20)
    before = monitor.report().facts
    async with asyncio.timeout(20):
        while monitor.report().facts < before + 5:
            await asyncio.sleep(0.01)
    await monitor.stop()
    assert len(breaches) == 1
    resource, used = breaches[0]
    assert resource == "memory_bytes"
    assert 40 * MIB < used < 120 * MIB
    assert monitor.report().state == "complete"


async def test_pages_that_children_share_are_not_counted_for_each(run):
    breaches = Breaches()
    fork = "import os\nfor _ in range(5):\n    if os.fork() == 0: break\n"
    pid, _ours = run(HOLD.format(mib=60) + fork + WAIT)
    monitor = ResourceMonitor(pid, Limits(memory_bytes=200 * MIB), breaches, interval_seconds=0.01)
    monitor.start()
    async with asyncio.timeout(20):
        while monitor.usage(0.0).peak_processes < 6:
            await asyncio.sleep(0.01)
        seen = monitor.report().facts
        while monitor.report().facts < seen + 5:
            await asyncio.sleep(0.01)
    await monitor.stop()
    assert breaches == []
    assert monitor.usage(0.0).peak_memory_bytes < 200 * MIB


async def test_time_beyond_the_limit_is_told_once(run):
    breaches = Breaches()
    pid, _ours = run(WAIT)
    monitor = ResourceMonitor(pid, Limits(wall_seconds=0.1), breaches)
    monitor.start()
    await asyncio.wait_for(breaches.first.wait(), 20)
    await monitor.stop()
    assert [resource for resource, _used in breaches] == ["wall_seconds"]
    assert breaches[0][1] >= 0.1


async def test_a_stopped_monitor_tells_nothing_more(run):
    breaches = Breaches()
    pid, _ours = run(WAIT)
    monitor = ResourceMonitor(pid, Limits(wall_seconds=0.05), breaches)
    monitor.start()
    await monitor.stop()
    await monitor.stop()
    await asyncio.sleep(0.1)
    assert breaches == []
    assert monitor.report().state == "complete"


async def test_a_gap_between_samples_is_a_loss(run, monkeypatch):
    pid, _ours = run(WAIT)
    monkeypatch.setattr(resources, "LATEST_SECONDS", 0.02)
    monitor = ResourceMonitor(pid, Limits(), Breaches(), interval_seconds=0.05)
    monitor.start()
    async with asyncio.timeout(20):
        while monitor.report().facts < 2:
            await asyncio.sleep(0.01)
    await monitor.stop()
    assert monitor.report().state == "lost"
    assert "no sample" in monitor.report().reason


async def test_a_sampler_that_fails_is_a_loss_and_the_clock_runs_on(run, monkeypatch):
    def fail(_pid, *, scan):
        raise PermissionError(1, "hidden")

    monkeypatch.setattr(resources, "sample_tree", fail)
    breaches = Breaches()
    pid, _ours = run(WAIT)
    monitor = ResourceMonitor(pid, Limits(wall_seconds=0.1), breaches)
    monitor.start()
    await asyncio.wait_for(breaches.first.wait(), 20)
    await monitor.stop()
    assert monitor.report().state == "lost"
    assert "hidden" in monitor.report().reason


async def test_an_unexpected_fault_of_the_sampler_is_a_loss(run, monkeypatch):
    def fail(_pid, *, scan):
        raise ValueError("no Tgid")

    monkeypatch.setattr(resources, "sample_tree", fail)
    pid, _ours = run(WAIT)
    monitor = ResourceMonitor(pid, Limits(), Breaches())
    monitor.start()
    await ended(monitor)
    assert monitor.report().reason == "sampling failed: ValueError: no Tgid"


async def test_a_process_that_is_not_there_can_not_be_watched():
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    monitor = ResourceMonitor(pid, Limits(), Breaches())
    with pytest.raises(Unavailable, match="can't be watched"):
        monitor.start()
    await monitor.stop()
    assert monitor.report().state == "lost"


async def test_no_descriptor_is_left(run, no_descriptor_left):
    pid, _ours = run(WAIT)
    with no_descriptor_left():
        monitor = ResourceMonitor(pid, Limits(), Breaches())
        monitor.start()
        await monitor.stop()


async def test_the_shares_decide_only_above_the_limit(run, monkeypatch):
    asked = []

    def shares(pids):
        asked.append(tuple(pids))
        return 10

    monkeypatch.setattr(resources, "shared_out_bytes", shares)
    monkeypatch.setattr(resources, "sample_tree", lambda pid, *, scan: Sample((pid,), 100))
    pid, _ours = run(WAIT)
    for limit, times in ((100, 0), (99, 1)):
        breaches = Breaches()
        monitor = ResourceMonitor(pid, Limits(memory_bytes=limit), breaches, interval_seconds=600)
        monitor.start()
        async with asyncio.timeout(20):
            while monitor.usage(0.0).peak_memory_bytes == 0:
                await asyncio.sleep(0.001)
        await monitor.stop()
        assert len(asked) == times
        assert breaches == []
