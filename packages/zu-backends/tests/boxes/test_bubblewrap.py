"""What a jail keeps in, shown from inside of it, on the kernel."""

import asyncio
import json
import os
import signal
import socket
import sys

import pytest

from zu_core.contracts import Mount
from zu_core.errors import ConfigError, Unavailable

PYTHON = os.path.realpath(sys.executable)
ERRNO = """import errno, os, sys
def attempt(f):
  try: return f() and None
  except OSError as e: return errno.errorcode[e.errno]
"""


async def python_lines(bench, jail, source, *arguments):
    result = await bench.python(jail, source, *arguments)
    assert result.exit.code == 0, result.err
    return result.out.splitlines()


class TestFiles:
    async def test_host_files_are_not_there(self, bench, jail, tmp_path):
        host = tmp_path / "secret"
        host.write_text("x")
        result = await bench.shell(jail, f"cat {host}; cat /etc/shadow; ls -A /var /run /sys")
        assert result.out == ""
        assert result.exit.code != 0

    async def test_root_holds_what_the_plan_says(self, bench, jail):
        assert sorted((await bench.shell(jail, "ls -A /")).out.split()) == sorted(jail.root_entries)

    async def test_nothing_but_four_directories_can_be_written(self, bench, jail):
        source = ERRNO + (
            "for path in sys.argv[1:]:\n"
            "  print(attempt(lambda: os.open(path + '/zu', os.O_CREAT | os.O_WRONLY)))\n"
        )
        kept = ("/", "/usr", "/usr/bin", "/etc", "/dev", "/home", "/etc/ssl")
        assert await python_lines(bench, jail, source, *kept) == ["EROFS"] * len(kept)
        assert await python_lines(bench, jail, source, *jail.paths) == ["None"] * 4

    async def test_writes_arrive_in_the_root_directory(self, bench, jail):
        await bench.shell(jail, "for d in ~ /workspace /tmp /dev/shm; do echo $d > $d/f; done")
        for name, path in zip(("home", "work", "tmp", "shm"), jail.paths, strict=True):
            fd = os.open(f"{name}/f", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=jail.root_fd)
            with open(fd) as file:
                assert file.read().strip() == path
                assert (os.fstat(fd).st_uid, os.fstat(fd).st_gid) == jail.owner

    async def test_the_harness_can_plant_files(self, bench, jail):
        fd = os.open("home/planted", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=jail.root_fd)
        os.write(fd, b"planted")
        os.fchown(fd, *jail.owner)
        os.close(fd)
        assert (
            await bench.shell(jail, "cat ~/planted; stat -c %u ~/planted")
        ).out == "planted1000\n"

    async def test_mounts_are_at_their_place_and_read_only(self, bench, tmp_path):
        private = tmp_path / "private"
        private.mkdir(mode=0o700)
        (private / "given").mkdir()
        (private / "given" / "a").write_text("content")
        (private / "file").write_text("single")
        (private / "kept").write_text("kept")
        mounts = [Mount(path=str(private / name), reason="test") for name in ("given", "file")]
        async with await bench.open(*mounts) as jail:
            result = await bench.shell(
                jail, f"cd {private}; cat given/a file; ls; echo x > given/b; echo x > file"
            )
        assert result.out == "contentsinglefile\ngiven\n"
        assert result.err.count("Read-only file system") == 2

    async def test_a_mount_in_etc_joins_the_box_s_own(self, bench):
        async with await bench.open(Mount(path="/etc/shells", reason="test")) as jail:
            result = await bench.shell(jail, "cat /etc/shells /etc/hostname")
        with open("/etc/shells") as file:
            assert result.out == file.read() + "box\n"

    async def test_a_mount_point_is_no_change_of_the_tool(self, bench, tmp_path):
        (tmp_path / "f").write_text("x")
        if not str(tmp_path).startswith("/tmp/"):
            pytest.skip("the temporary directory is not below /tmp")
        async with await bench.open(Mount(path=str(tmp_path / "f"), reason="test")) as jail:
            fd = os.open(
                "tmp" + str(tmp_path).removeprefix("/tmp"), os.O_RDONLY, dir_fd=jail.root_fd
            )
            assert os.listdir(fd) == ["f"]
            os.close(fd)

    async def test_what_does_not_exist_or_is_a_socket_is_refused(self, bench, tmp_path):
        with pytest.raises(ConfigError, match="No such file"):
            await bench.open(Mount(path=str(tmp_path / "none"), reason="test"))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "s"))
            with pytest.raises(ConfigError, match="neither a file nor a directory"):
                await bench.open(Mount(path=str(tmp_path / "s"), reason="test"))


class TestProcesses:
    async def test_only_the_box_s_processes_are_visible(self, bench, jail):
        source = "import os; print(*sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))"
        assert await python_lines(bench, jail, source) == ["1 2"]

    async def test_no_environment_but_the_given_one(self, bench, jail):
        result = await bench.shell(jail, "cat /proc/1/environ; tr '\\0' '\\n' < /proc/self/environ")
        assert sorted(result.out.split()) == [
            "HOME=/home/tool",
            "PATH=/usr/bin:/bin",
            "PWD=/workspace",
        ]

    async def test_the_init_s_arguments_tell_nothing_of_the_host(self, bench, jail):
        result = await bench.shell(jail, "tr '\\0' ' ' < /proc/1/cmdline")
        assert result.out.startswith("bwrap --args 4 --json-status-fd 6 -- /bin/sh -c ")

    @pytest.mark.parametrize("control", [False, True])
    async def test_no_descriptor_is_inherited_but_streams_and_control(self, bench, jail, control):
        argv = ["/bin/sh", "-c", "ls /proc/$$/fd"]
        process = await bench.start(jail, argv, control=control)
        out = await process.stdout.read()
        await process.wait()
        assert set(out.split()) == ({b"0", b"1", b"2", b"3"} if control else {b"0", b"1", b"2"})
        if process.control:
            process.control.close()

    async def test_control_leads_to_descriptor_three(self, bench, jail):
        process = await bench.start(jail, ["/bin/sh", "-c", "head -c 4 <&3 >&3"], control=True)
        with process.control as control:
            control.setblocking(False)
            control.send(b"ping")
            assert await asyncio.get_running_loop().sock_recv(control, 10) == b"ping"
        await process.wait()

    async def test_no_privileges_and_two_filters(self, bench, jail):
        status = (await bench.shell(jail, "cat /proc/self/status")).out
        fields = dict(line.split(":\t") for line in status.splitlines())
        assert {fields[f"Cap{one}"] for one in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
        assert fields["NoNewPrivs"] == "1"
        assert fields["Seccomp_filters"] == "2"
        assert fields["Uid"].split() == ["1000"] * 4

    async def test_the_host_sees_an_account_that_is_not_root(self, bench, jail):
        process = await bench.start(jail, ["/bin/sleep", "100"])
        with open(f"/proc/{process.pid}/status") as file:
            fields = dict(line.split(":\t") for line in file if ":\t" in line)
        assert fields["Uid"].split() == [str(jail.owner[0])] * 4
        assert jail.owner[0] != 0
        if os.getuid() == 0:
            assert fields["Groups"].strip() == ""
        await process.kill()

    async def test_the_session_is_the_box_s_own(self, bench, jail):
        """A session of the host would be number 0 here, and its terminal could be typed into."""
        assert await python_lines(bench, jail, "import os; print(os.getsid(0) > 0)") == ["True"]

    async def test_standard_streams_can_be_opened_again(self, bench, jail):
        result = await bench.run(
            jail, ["/bin/sh", "-c", "cat /dev/stdin > /dev/stdout; echo e > /dev/stderr"], b"in"
        )
        assert (result.out, result.err) == ("in", "e\n")

    async def test_no_signal_is_ignored_or_blocked(self, bench, jail):
        status = (await bench.shell(jail, "grep -E 'Sig(Ign|Blk)' /proc/self/status")).out
        own_to_libc = 1 << 31 | 1 << 32  # signals 32 and 33: nothing but libc can set them
        for line in status.splitlines():
            assert int(line.split()[1], 16) & ~own_to_libc == 0


class TestKernelSurface:
    SOURCE = ERRNO + (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(name, *a):\n"
        "  f = getattr(libc, name)\n"
        "  return 'ok' if f(*a) >= 0 else errno.errorcode[ctypes.get_errno()]\n"
    )

    async def test_no_nested_user_namespace(self, bench, jail):
        source = self.SOURCE + (
            "print(call('unshare', 0x10000000))\nprint(call('unshare', 0x20000))\n"
        )
        assert await python_lines(bench, jail, source) == ["EPERM", "EPERM"]

    async def test_no_keys_of_the_host_are_seen_or_used(self, bench, jail):
        source = (
            self.SOURCE
            + "print(call('syscall', 250 if os.uname().machine == 'x86_64' else 219, 0, -3, 0))"
        )
        assert await python_lines(bench, jail, source) == ["EPERM"]
        assert (await bench.shell(jail, "cat /proc/keys")).out == ""

    async def test_nothing_can_be_typed_into_a_terminal(self, bench, jail):
        source = ERRNO + (
            "import fcntl\nm, s = os.openpty()\n"
            "for request in (0x5412, 0x541c, 0x5423):\n"
            "  print(attempt(lambda: fcntl.ioctl(s, request, b'x' * 8)))\n"
        )
        assert await python_lines(bench, jail, source) == ["EPERM"] * 3

    async def test_socket_families_that_reach_further_are_refused(self, bench, jail):
        wanted = {
            (40, 1, 0): "EAFNOSUPPORT",  # vsock
            (17, 3, 0): "EAFNOSUPPORT",  # packet
            (16, 3, 0): "EAFNOSUPPORT",  # netlink
            (16, 3, 12): "EAFNOSUPPORT",
            (38, 5, 0): "EAFNOSUPPORT",  # alg
            (2, 3, 1): "EPERM",  # raw
            (10, 3, 58): "EPERM",
            (2, 10, 0): "EPERM",  # packet, the old way
            (2, 2, 1): "EPROTONOSUPPORT",  # ping
            (2, 1, 132): "EPROTONOSUPPORT",  # sctp
            (2, 2, 136): "EPROTONOSUPPORT",  # udp-lite
            (2, 1, 0): "None",
            (2, 2, 0): "None",
            (10, 2, 0): "None",
            (1, 1, 0): "None",
        }
        source = ERRNO + (
            "import json, socket\n"
            "for one in json.loads(sys.argv[1]):\n"
            "  print(attempt(lambda: socket.socket(*one).close()))\n"
        )
        assert await python_lines(bench, jail, source, json.dumps(list(wanted))) == list(
            wanted.values()
        )

    async def test_every_exec_and_connect_is_notified(self, bench, jail):
        result = await bench.shell(jail, "/bin/true; /bin/true")
        execs = [call for call in result.calls if call.number in (59, 221)]
        assert len(execs) == 4  # bwrap, sh and twice true


class TestLimits:
    async def test_processes(self, bench):
        source = ERRNO + (
            "import time\nn = 0\nwhile n < 500:\n"
            "  try: pid = os.fork()\n"
            "  except OSError as e: print(errno.errorcode[e.errno], n); break\n"
            "  if pid == 0: time.sleep(100)\n"
            "  n += 1\n"
        )
        async with await bench.open(processes=16) as jail, await bench.open() as other:
            assert await python_lines(bench, jail, source) == ["EAGAIN 15"]
            assert (await bench.shell(other, "true")).exit.code == 0

    async def test_two_boxes_do_not_share_the_limit_of_processes(self, bench):
        source = ERRNO + (
            "import time\nfor _ in range(12):\n  if os.fork() == 0: time.sleep(100)\n"
            "print('done', flush=True); time.sleep(100)\n"
        )
        async with await bench.open(processes=16) as one, await bench.open(processes=16) as two:
            from_both = [
                await bench.start(jail, [PYTHON, "-I", "-S", "-c", source]) for jail in (one, two)
            ]
            for process in from_both:
                assert await process.stdout.readline() == b"done\n"

    async def test_file_size_and_open_files(self, bench):
        source = ERRNO + (
            "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "fd = os.open('/tmp/f', os.O_CREAT | os.O_WRONLY)\n"
            "print(attempt(lambda: [os.write(fd, bytes(1 << 20)) for _ in range(3)]))\n"
            "print(attempt(lambda: [os.open('/tmp', 0) for _ in range(64)]))\n"
        )
        async with await bench.open(file_bytes=2 << 20, open_files=32) as jail:
            assert await python_lines(bench, jail, source) == ["EFBIG", "EMFILE"]

    async def test_disk_and_inodes(self, bench):
        source = ERRNO + (
            "fd = os.open('/workspace/f', os.O_CREAT | os.O_WRONLY)\n"
            "print(attempt(lambda: [os.write(fd, bytes(1 << 20)) for _ in range(9)]))\n"
            "os.unlink('/workspace/f')\nos.close(fd)\n"
            "print(attempt(lambda: [os.mkdir(f'/dev/shm/{n}') for n in range(99)]))\n"
        )
        async with await bench.open(disk_bytes=8 << 20, disk_inodes=64) as jail:
            assert await python_lines(bench, jail, source) == ["ENOSPC", "ENOSPC"]

    async def test_memory_of_a_process(self, bench):
        source = "try: bytearray(300 << 20)\nexcept MemoryError: print('refused')"
        async with await bench.open(data_bytes=200 << 20) as jail:
            assert await python_lines(bench, jail, source) == ["refused"]

    async def test_processor_time(self, bench):
        async with await bench.open(cpu_seconds=1) as jail:
            result = await bench.shell(jail, "while :; do :; done")
        assert result.exit.code == 128 + signal.SIGKILL
        assert 0.5 < result.exit.cpu_seconds < 3

    async def test_no_core_files(self, bench, jail):
        assert (await bench.shell(jail, "ulimit -Hc")).out == "0\n"

    async def test_a_limit_above_the_hard_limit_is_named(self, bench):
        async with await bench.open(processes=1 << 40) as jail:
            if os.getuid() == 0:
                pytest.skip("an account without hard limits")
            with pytest.raises(Unavailable, match="NPROC"):
                await jail.run(["/bin/true"], {}, "/")


class TestLives:
    @pytest.mark.parametrize(
        ("script", "code"),
        [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143)],
    )
    async def test_exit_codes_are_those_of_a_shell(self, bench, jail, script, code):
        end = (await bench.shell(jail, script)).exit
        assert (end.code, end.executed) == (code, True)

    async def test_a_program_that_is_not_there_did_not_run(self, bench, jail):
        result = await bench.run(jail, ["/nothing/here"])
        assert not result.exit.executed
        assert "/nothing/here" in result.err

    async def test_wait_returns_when_descendants_are_gone(self, bench, jail):
        process = await bench.start(jail, ["/bin/sh", "-c", "setsid sleep 100 & echo $!; exit 5"])
        assert (await process.wait()).code == 5
        assert not _descendants(jail.holder_pid)

    async def test_usage_counts_descendants(self, bench, jail):
        spin = "python3 -c 'x = bytearray(64 << 20)\nfor i in range(10 ** 7): pass'"
        end = (
            await bench.shell(jail, f"{PYTHON} -I -S {spin.removeprefix('python3')} & wait")
        ).exit
        assert end.cpu_seconds > 0.05
        assert end.peak_memory_bytes > 64 << 20

    async def test_kill_ends_everything(self, bench, jail):
        process = await bench.start(jail, ["/bin/sh", "-c", "setsid sleep 100 & echo up; wait"])
        assert await process.stdout.readline() == b"up\n"
        await process.kill()
        assert (await process.wait()).code == 137
        assert not _descendants(jail.holder_pid)
        await process.kill()

    async def test_kill_before_release(self, bench, jail):
        process = await jail.run(["/bin/true"], {}, "/")
        await process.kill()
        assert not (await process.wait()).executed
        os.close(process.notify_fd)
        process.control.close()

    async def test_runs_share_files_and_network(self, bench, jail):
        await bench.shell(jail, "echo kept > /workspace/state")
        server = await bench.start(
            jail,
            [
                PYTHON,
                "-I",
                "-S",
                "-c",
                "import socket; s = socket.create_server(('127.0.0.1', 5000))\n"
                "print('up', flush=True); s.accept()[0].sendall(b'hello')",
            ],
        )
        assert await server.stdout.readline() == b"up\n"
        source = "import socket; print(socket.create_connection(('127.0.0.1', 5000)).recv(9))"
        assert await python_lines(bench, jail, source) == ["b'hello'"]
        assert (await bench.shell(jail, "cat /workspace/state")).out == "kept\n"
        assert (await server.wait()).code == 0

    async def test_many_jails_at_once(self, bench):
        async def one(number):
            async with await bench.open() as jail:
                return (await bench.shell(jail, f"echo {number} > ~/n; cat ~/n")).out

        assert await asyncio.gather(*map(one, range(16))) == [f"{n}\n" for n in range(16)]

    async def test_a_hundred_jails_leave_no_descriptor_and_no_process(self, bench):
        await _open_and_close(bench)
        before = _descriptors("self"), _descriptors(bench.spawner.pid)
        for _ in range(100):
            await _open_and_close(bench)
        assert (_descriptors("self"), _descriptors(bench.spawner.pid)) == before
        assert not _descendants(bench.spawner.pid)

    async def test_closing_ends_what_runs(self, bench):
        jail = await bench.open()
        process = await bench.start(jail, ["/bin/sleep", "100"])
        await jail.close()
        with pytest.raises(Unavailable, match="the box has ended"):
            await process.wait()
        assert not _descendants(bench.spawner.pid)

    @pytest.mark.parametrize("victim", ["spawner", "holder"])
    async def test_killing_a_process_of_ours_ends_the_box(self, bench, victim):
        jail = await bench.open()
        process = await bench.start(jail, ["/bin/sh", "-c", "sleep 1000 & echo up; wait"])
        assert await process.stdout.readline() == b"up\n"
        family = _descendants(bench.spawner.pid)
        assert len(family) >= 4
        os.kill(bench.spawner.pid if victim == "spawner" else jail.holder_pid, signal.SIGKILL)
        async with asyncio.timeout(1):
            with pytest.raises(Unavailable):
                await process.wait()
            await jail.close()
        assert not [pid for pid in family if _alive(pid)]
        if victim == "spawner":
            with pytest.raises(Unavailable, match="helper"):
                await bench.open()


async def _open_and_close(bench):
    async with await bench.open() as jail:
        await bench.shell(jail, "exit 0")


def _descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _descendants(pid):
    """Return the living descendants of `pid` on the host."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = [int(one) for one in file.read().split()]
    except OSError:
        return []
    living = [one for one in children if _alive(one)]
    return [*living, *(below for one in living for below in _descendants(one))]


class TestManyProcesses:
    async def test_a_program_starts_although_its_pid_in_the_box_is_none_of_the_host(
        self, bench, jail
    ):
        """bwrap looks its child up in /proc: that of the box's own pid namespace."""
        free = next(pid for pid in range(60, 4000, 20) if not any_process_near(pid))
        await bench.shell(
            jail, f"i=0; while [ $i -lt {free - 30} ]; do /bin/true; i=$((i+1)); done"
        )
        for _ in range(8):
            assert (await bench.shell(jail, "echo up")).out == "up\n"


def any_process_near(pid):
    return any(os.path.exists(f"/proc/{near}") for near in range(pid - 20, pid + 60))
