"""The probe's attempts, where nothing holds them: on the host each one gets through.

That they fail in a box, and are refused where they don't, is shown in contained/test_probing.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from zu_backends.boxes import probe, selfprobe


def identity(path: str) -> str:
    stat = os.stat(path)
    return f"{path}={stat.st_dev}:{stat.st_ino}"


class TestOnTheHost:
    def test_files(self):
        held, detail = probe.check_host_files(identity("/etc/passwd"), identity("/"))
        assert (held, detail) == (False, "reached: /etc/passwd, /")

    def test_other_files_at_the_same_path(self, tmp_path):
        (tmp_path / "a").write_text("")
        stat = os.stat(tmp_path / "a")
        other = f"{tmp_path}/a={stat.st_dev}:{stat.st_ino + 1}"
        assert probe.check_host_files(other, f"{tmp_path}/b=1:2") == (True, "")

    def test_root_entries(self):
        held, detail = probe.check_root("usr,etc")
        assert not held
        assert "proc" in detail

    def test_processes(self):
        assert not probe.check_processes()[0]

    def test_the_environment_of_others(self):
        child = os.posix_spawn("/bin/sleep", ["sleep", "60"], {"SECRET": "of the parent"})
        try:
            _wait_for_exec(child)
            held, detail = probe.check_parent_environment()
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)
        assert not held
        assert "of the parent" not in detail

    def test_namespaces(self):
        own = os.readlink("/proc/self/ns/net")
        assert probe.check_namespaces(own) == (False, f"shared with the harness: {own}")
        assert probe.check_namespaces("net:[1]") == (True, "")

    def test_privileges(self):
        held, detail = probe.check_user()
        assert not held
        assert "NoNewPrivs=0" in detail

    def test_descriptors(self):
        with open("/etc/passwd") as file:
            assert "/etc/passwd" not in probe.check_descriptors("99999")[1]
            os.set_inheritable(file.fileno(), True)
            held, detail = probe.check_descriptors("99999")
        assert not held
        assert "/etc/passwd" in detail

    def test_an_abstract_socket(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("\0zu-test-probe")
            listener.listen(1)
            assert not probe.check_abstract_socket("zu-test-probe")[0]
        assert probe.check_abstract_socket("zu-test-probe")[0]

    def test_limits(self):
        assert not probe.check_limits("NOFILE=7")[0]

    def test_a_disk_that_is_too_large(self):
        held, detail = probe.check_disk("1", "1", "/")
        assert not held
        assert detail.startswith("/: ")

    def test_writing_leaves_nothing(self, tmp_path):
        held, detail = probe.check_write(f"{tmp_path}/x", "/no/such/directory/x")
        assert (held, detail) == (False, f"opened: {tmp_path}/x")
        assert os.listdir(tmp_path) == []

    def test_a_system_call_that_is_allowed(self):
        from zu_backends.kernel.syscalls import this_architecture

        number = this_architecture().numbers["getpid"]
        assert probe.check_system_calls(f"getpid={number}") == (False, "let through: getpid")

    def test_a_canary(self, tmp_path):
        (tmp_path / "c").write_text("x")
        assert probe.check_canary(str(tmp_path / "c")) == (True, "read")


class TestTcp:
    @pytest.mark.parametrize(("answer", "held"), [(b"hello", False), (b"", True)])
    def test_an_answer_is_a_way_out(self, answer, held):
        with answering(answer) as port:
            assert tcp(port)[1] == ("held" if held else "escaped")

    def test_a_refusal_holds(self):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        assert tcp(port) == ["tcp", "held", "errno 111"]

    def test_silence_does_not_hold(self, monkeypatch):
        monkeypatch.setattr(probe, "TIMEOUT_S", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            assert tcp(port)[1] == "escaped"

    def test_all_are_asked_before_the_first_is_waited_for(self):
        """The first server answers only after the second was asked."""
        local = ("127.0.0.1", 0)
        with socket.create_server(local) as one, socket.create_server(local) as other:
            child = os.fork()
            if child == 0:
                last, first = other.accept()[0], one.accept()[0]
                last.close()
                first.close()
                os._exit(0)
            lines = [tcp_line(server.getsockname()[1]) for server in (one, other)]
            found = [line.split("\t")[1] for line in probe.report(lines).split("\n")]
        os.waitpid(child, 0)
        assert found == ["held", "held"]


class TestReport:
    def test_a_check_that_fails_to_run_is_an_outcome(self):
        line = probe.report(["name\tcanary\t/no/such/file"])
        assert line.startswith("name\tnot-run\tFileNotFoundError")

    def test_an_unknown_check_has_not_run(self):
        assert probe.report(["name\tnonsense"]).startswith("name\tnot-run\tKeyError")

    def test_a_detail_stays_on_its_line(self, monkeypatch):
        monkeypatch.setattr(probe, "check_bad", lambda: (False, "a\tb\nc"), raising=False)
        assert probe.report(["name\tbad"]) == "name\tescaped\ta b c"

    def test_a_line_stands_for_each_check_in_their_order(self):
        lines = ["a\texec\tx", tcp_line(1), "b\tnonsense", "c\texec\ty"]
        names = [line.split("\t")[0] for line in probe.report(lines).split("\n")]
        assert names == ["a", "tcp", "b", "c"]


class TestConversation:
    """The loader, the checks and the leave, as the harness speaks them."""

    def test_the_probe_becomes_the_target(self, tmp_path):
        with probing() as (sock, child):
            send(sock, selfprobe.code())
            send(sock, b"exec\texec\tnonce\nroot\troot\tusr")
            assert receive(sock).split(b"\n")[0] == b"exec\theld\tran"
            argv = ("/bin/sh", "-c", 'pwd > "$OUT"; echo "$$" >> "$OUT"; env >> "$OUT"', "a b")
            out = str(tmp_path / "out")
            send(sock, selfprobe.leave(argv, (("OUT", out),), str(tmp_path)))
            assert sock.recv(1) == b""
            assert os.waitpid(child, 0)[1] == 0
        cwd, pid, *env = (tmp_path / "out").read_text().splitlines()
        assert (cwd, int(pid)) == (str(tmp_path), child)
        assert f"OUT={out}" in env
        assert {line.split("=")[0] for line in env} <= {"OUT", "PWD", "SHLVL", "_", "OLDPWD"}

    def test_what_can_not_be_executed_is_told(self, tmp_path):
        with probing() as (sock, child):
            send(sock, selfprobe.code())
            send(sock, b"exec\texec\tnonce")
            receive(sock)
            send(sock, selfprobe.leave(("/no/such",), (), "/"))
            assert receive(sock).startswith(b"2 ")
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 126

    @pytest.mark.parametrize("sent", [b"", b"0000", b"00000009half"])
    def test_without_a_harness_it_ends(self, sent):
        with probing() as (sock, child):
            sock.sendall(sent)
            sock.shutdown(socket.SHUT_WR)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 125

    def test_without_leave_it_ends(self):
        with probing() as (sock, child):
            send(sock, selfprobe.code())
            send(sock, b"exec\texec\tnonce")
            receive(sock)
            sock.close()
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 125

    def test_it_imports_c_modules_only(self):
        code = (
            "import json, sys\nbefore = set(sys.modules)\n"
            f"source = open({probe.__file__!r}).read()\n"
            "exec(compile(source, 'probe', 'exec'), {'__name__': 'probe'})\n"
            "print(json.dumps(sorted(set(sys.modules) - before)))"
        )
        read, write = os.pipe()
        child = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", "-c", code],
            {},
            file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)],
        )
        os.close(write)
        with open(read) as file:
            loaded = json.load(file)
        os.waitpid(child, 0)
        assert set(loaded) <= {"_ctypes", "_signal", "_socket", "posix"}


def tcp_line(port: int) -> str:
    return f"tcp\ttcp\t127.0.0.1\t{port}\tmarker"


def tcp(port: int) -> list[str]:
    """The report on a connection to `port`."""
    return probe.report([tcp_line(port)]).split("\t")


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server for one connection, in another process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        child = os.fork()
        if child == 0:
            client, _ = listener.accept()
            client.recv(100)
            client.sendall(answer)
            os._exit(0)
        yield listener.getsockname()[1]
    os.waitpid(child, 0)


@contextmanager
def probing() -> Iterator[tuple[socket.socket, int]]:
    ours, theirs = socket.socketpair()
    argv = selfprobe.loader_argv(sys.executable, selfprobe_fd := 30, "nonce")
    child = os.posix_spawn(
        sys.executable,
        argv,
        {},
        file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), selfprobe_fd)],
    )
    theirs.close()
    ours.settimeout(20)
    with ours:
        yield ours, child


def send(sock: socket.socket, body: bytes) -> None:
    sock.sendall(b"%08x" % len(body) + body)


def receive(sock: socket.socket) -> bytes:
    file = sock.makefile("rb")
    return file.read(int(file.read(8), 16))


def _wait_for_exec(pid: int) -> None:
    while b"sleep" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        continue
