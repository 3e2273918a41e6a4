import errno
import os
import select
import signal

import pytest

from zu_backends.kernel.seccomp import Notifier
from zu_backends.monitors import syscalls
from zu_backends.monitors.calls import UNREADABLE
from zu_backends.monitors.syscalls import SyscallMonitor
from zu_core.events.box import Connected, Executed, OpenedForWrite

OPEN_ONCE = "os.close(os.open('/dev/null', os.O_WRONLY))\n"


def test_every_transient_exec_is_recorded_with_its_arguments(watched):
    run = watched(
        """
for i in range(200):
    os.waitpid(os.posix_spawn("/bin/true", ["true", f"n-{i}", ""], {}), 0)
"""
    )
    assert run.run() == 0
    execs = run.of(Executed)
    assert [fact.argv for fact in execs] == [("true", f"n-{i}", "") for i in range(200)]
    assert {fact.path for fact in execs} == {"/bin/true"}
    assert all(fact.found and not fact.truncated for fact in execs)
    assert len({fact.pid for fact in execs}) == 200
    assert {fact.parent_pid for fact in execs} == {run.program.pid}
    report = run.monitor.report()
    assert (report.monitor, report.state, report.facts) == ("syscalls", "complete", 200)


def test_an_exec_by_descriptor_is_recorded_with_the_path_of_the_descriptor(watched):
    run = watched("os.execve(os.open('/bin/true', os.O_PATH), ['true'], {})")
    assert run.run() == 0
    (fact,) = run.of(Executed)
    assert (fact.path, fact.argv, fact.found) == (os.path.realpath("/bin/true"), ("true",), True)


def test_a_relative_exec_is_recorded_with_its_directory(watched):
    run = watched("os.chdir('/bin'); os.execv('./true', ['true'])")
    assert run.run() == 0
    (fact,) = run.of(Executed)
    assert fact.path == os.path.realpath("/bin") + "/./true"
    assert fact.found


def test_a_search_along_path_is_recorded_as_not_found_and_fails_as_it_would(watched):
    run = watched(
        """
os.environ["PATH"] = "/nowhere:/bin/true:/bin"
try:
    os.execv("/nowhere/x", ["x"])
except FileNotFoundError:
    pass
try:
    os.execv("/bin/true/x", ["x"])
except NotADirectoryError:
    os.execvp("true", ["true"])
"""
    )
    assert run.run() == 0
    assert [(fact.path, fact.found) for fact in run.of(Executed)] == [
        ("/nowhere/x", False),
        ("/bin/true/x", False),
        ("/nowhere/true", False),
        ("/bin/true/true", False),
        ("/bin/true", True),
    ]


def test_a_file_that_appears_after_the_look_is_not_executed(watched, tmp_path):
    path = str(tmp_path / "late")

    def appear(fact):
        if fact.path == path and not fact.found:
            os.symlink("/bin/true", path)

    run = watched(
        f"""
try:
    os.execv({path!r}, ["late"])
except FileNotFoundError:
    os.execv({path!r}, ["late"])
sys.exit("executed, or another error")
""",
        observe=appear,
    )
    assert run.run() == 0
    assert [fact.found for fact in run.of(Executed)] == [False, True]


def test_long_arguments_are_cut_and_said_to_be(watched):
    run = watched(
        """
os.waitpid(os.posix_spawn("/bin/true", ["true"] * 100, {}), 0)
os.waitpid(os.posix_spawn("/bin/true", ["true", "x" * 100_000, "y"], {}), 0)
"""
    )
    assert run.run() == 0
    many, long = run.of(Executed)
    assert many.truncated
    assert many.argv == ("true",) * 64
    assert long.truncated
    assert sum(map(len, long.argv)) == 16 * 1024


def test_connects_of_every_family_are_recorded(watched, tmp_path):
    run = watched(
        f"""
def connect(family, kind, address):
    with socket.socket(family, kind) as one:
        try:
            one.connect(address)
        except OSError:
            pass
connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 9))
connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 1))
connect(socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 53))
connect(socket.AF_UNIX, socket.SOCK_STREAM, {str(tmp_path / "absent")!r})
connect(socket.AF_UNIX, socket.SOCK_STREAM, b"\\0absent\\0name")
connect(socket.AF_NETLINK, socket.SOCK_RAW, (0, 0))
"""
    )
    assert run.run() == 0
    assert [(fact.family, fact.address) for fact in run.of(Connected)] == [
        ("inet", "127.0.0.1:9"),
        ("inet", "127.0.0.1:1"),
        ("inet6", "[::1]:53"),
        ("unix", str(tmp_path / "absent")),
        ("unix", "@absent\\0name"),
        ("family 16", bytes(10).hex()),
    ]
    assert {fact.pid for fact in run.facts} == {run.program.pid}


def test_every_way_of_opening_for_writing_is_recorded_and_reading_is_not(watched, tmp_path):
    run = watched(
        f"""
import ctypes
root = {str(tmp_path)!r}
def once(path, flags, **how):
    os.close(os.open(path, flags, 0o600, **how))
once(root + "/made", os.O_RDONLY | os.O_CREAT)
once(root + "/made", os.O_RDONLY)
once(root + "/made", os.O_WRONLY)
once(root + "/made", os.O_RDWR)
once(root + "/made", os.O_RDONLY | os.O_TRUNC)
directory = os.open(root, os.O_RDONLY)
once("made", os.O_WRONLY, dir_fd=directory)
os.chdir(root)
once("made", os.O_WRONLY)
try:
    once("/no/such/\\udcff", os.O_WRONLY)
except FileNotFoundError:
    pass
ctypes.CDLL(None).creat((root + "/creat").encode(), 0o600)
"""
    )
    assert run.run() == 0
    made = f"{tmp_path}/made"
    assert [fact.path for fact in run.of(OpenedForWrite)] == [
        *[made] * 4,
        made,
        made,
        "/no/such/\\xff",
        f"{tmp_path}/creat",
    ]


def test_pointers_that_lead_nowhere_are_recorded_as_such_and_answered(watched):
    run = watched(
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
numbers = this_architecture().numbers
def call(name, *arguments):
    result = libc.syscall(numbers[name], *map(ctypes.c_ulong, arguments))
    assert result == -1 and ctypes.get_errno() == 14, (name, result, ctypes.get_errno())
path = ctypes.create_string_buffer(b"/bin/true")
top = (1 << 64) - 1
one = socket.socket()
for bad in (0, 1, top, top - 7):
    call("execve", bad, bad, 0)
    call("connect", one.fileno(), bad, 16)
    call("openat", 0xFFFFFF9C, bad, os.O_WRONLY)
call("execve", ctypes.addressof(path), 1, 0)
"""
    )
    assert run.run() == 0
    assert [fact.path for fact in run.of(Executed)] == [UNREADABLE] * 4 + ["/bin/true"]
    assert all(fact.found for fact in run.of(Executed))
    assert run.of(Executed)[-1].argv == (UNREADABLE,)
    assert [fact.family for fact in run.of(Connected)] == ["unreadable"] * 4
    assert [fact.path for fact in run.of(OpenedForWrite)] == [UNREADABLE] * 4
    assert run.monitor.report().state == "complete"


def test_a_call_of_a_thread_is_recorded_under_its_process(watched):
    run = watched(
        f"""
import threading
def work():
    {OPEN_ONCE}
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    )
    assert run.run() == 0
    assert [fact.pid for fact in run.facts] == [run.program.pid] * 8


def test_signals_while_calls_wait_lose_no_call(watched):
    run = watched(
        f"""
import signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for _ in range(500):
    {OPEN_ONCE}
signal.setitimer(signal.ITIMER_REAL, 0)
"""
    )
    assert run.run() == 0
    # Before Linux 5.19 a signal makes a call wait, and be seen, a second time.
    assert len(run.facts) >= 500
    assert run.monitor.report().state == "complete"


def test_a_process_that_dies_before_its_call_is_read_leaves_nothing(trapped):
    program = trapped(OPEN_ONCE)
    program.go()
    poll = select.poll()
    poll.register(program.listener_fd, select.POLLIN)
    assert poll.poll(10_000)
    program.kill()
    facts = []
    monitor = SyscallMonitor(program.listener_fd, facts.append)
    monitor.start()
    assert monitor.wait_ended(10)
    assert facts == []
    assert monitor.report().state == "complete"
    monitor.stop()


def test_a_process_that_dies_before_its_memory_is_read_leaves_nothing(watched, monkeypatch):
    run = watched(OPEN_ONCE)
    decode = syscalls.decode

    def kill_then_decode(*arguments):
        run.program.kill()
        return decode(*arguments)

    monkeypatch.setattr(syscalls, "decode", kill_then_decode)
    assert run.run() == -signal.SIGKILL
    assert run.facts == []
    assert run.monitor.report().state == "complete"


def test_a_process_that_dies_after_its_memory_was_read_leaves_nothing(watched, monkeypatch):
    run = watched(OPEN_ONCE)
    decode = syscalls.decode

    def decode_then_kill(*arguments):
        asked = decode(*arguments)
        run.program.kill()
        return asked

    monkeypatch.setattr(syscalls, "decode", decode_then_kill)
    assert run.run() == -signal.SIGKILL
    assert run.facts == []
    assert run.monitor.report().state == "complete"


def test_a_process_that_dies_before_the_answer_harms_nobody(watched):
    run = watched(OPEN_ONCE, observe=lambda fact: os.kill(fact.pid, signal.SIGKILL))
    assert run.run() == -signal.SIGKILL
    assert len(run.facts) == 1
    assert run.monitor.report().state == "complete"


def test_a_fact_that_nobody_takes_is_a_loss_but_the_call_is_answered(watched):
    def refuse(_fact):
        raise RuntimeError("the loop is closed")

    run = watched(OPEN_ONCE * 3, observe=refuse)
    assert run.run() == 0
    report = run.monitor.report()
    assert report.state == "lost"
    assert report.reason == "a call was not recorded: RuntimeError: the loop is closed"


def test_a_listener_that_fails_is_a_loss_and_calls_fail_instead_of_waiting(watched, monkeypatch):
    def fail(_self):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(Notifier, "receive", fail)
    run = watched(
        f"""
try:
    {OPEN_ONCE}
except OSError as error:
    sys.exit(error.errno)
"""
    )
    assert run.run() == errno.ENOSYS
    report = run.monitor.report()
    assert report.state == "lost"
    assert "broken" in report.reason


def test_a_flood_is_answered_but_not_kept(watched):
    run = watched(OPEN_ONCE * 50, max_facts=10)
    assert run.run() == 0
    assert len(run.facts) == 10
    report = run.monitor.report()
    assert (report.state, report.facts) == ("lost", 10)
    assert "more than 10" in report.reason


def test_a_monitor_that_runs_is_not_complete_until_it_is_stopped(watched):
    run = watched(OPEN_ONCE)
    assert run.monitor.report().state == "lost"
    run.monitor.stop()
    run.monitor.stop()
    assert run.monitor.report().state == "complete"
    run.program.go()
    assert run.program.wait() != 0


def test_a_monitor_that_never_ran_is_lost(trapped):
    program = trapped(OPEN_ONCE)
    monitor = SyscallMonitor(program.listener_fd, lambda _fact: None)
    monitor.stop()
    assert monitor.report().state == "lost"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(program.listener_fd)
