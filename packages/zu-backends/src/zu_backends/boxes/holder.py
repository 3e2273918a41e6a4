"""The process that is a box's outer half, and the first of its pid namespace.

It owns the network and mount namespaces, starts runners, reaps everything and ends when
the harness closes the box socket or the helper dies. When it ends, however it ends, the
kernel kills every process of the box (pid_namespaces(7)).
"""

import json
import os
import resource
import select
import signal
import socket
from typing import Final, NoReturn

from zu_backends.boxes import runner, stage, wire
from zu_backends.boxes.listeners import prepare_network
from zu_backends.boxes.mechanism import needs
from zu_backends.kernel import libc, namespaces
from zu_backends.kernel.filters import Filters
from zu_core.errors import Unavailable

_ROOT_FLAGS: Final = libc.CLONE_NEWPID | libc.CLONE_NEWNS
_USER_FLAGS: Final = libc.CLONE_NEWUSER | libc.CLONE_NEWNET | libc.CLONE_NEWNS


def namespace_flags() -> int:
    """Return the namespaces that the holder is forked into."""
    return _ROOT_FLAGS if os.geteuid() == 0 else libc.CLONE_NEWPID | _USER_FLAGS


def hold(
    box: wire.OpenBox,
    sock: socket.socket,
    lifeline: int,
    ids: tuple[int, int],
    programs: Filters,
) -> NoReturn:
    """Make the box and serve it until its end; the body of the forked process.

    `ids` are uid and gid of the helper, `lifeline` hangs up when the helper ends.
    """
    try:
        files, listeners = _prepare(box, ids)
        fds = (files, os.pidfd_open(os.getpid()), *(one.fileno() for one in listeners.values()))
        wire.send(sock, wire.Ready(tuple(listeners)), fds)
        for fd in fds:
            os.close(fd)
        for one in listeners.values():
            one.detach()
        _Holder(box, sock, lifeline, programs).serve()
    except Unavailable as error:
        wire.send(sock, wire.Failed(error.message, error.advice))
    except Exception as error:  # noqa: BLE001 - told to the harness; the process ends here
        wire.send(sock, wire.Failed(f"the holder of a box failed: {error!r}", ""))
    finally:
        os._exit(1)


def _prepare(box: wire.OpenBox, ids: tuple[int, int]) -> tuple[int, dict[str, socket.socket]]:
    os.umask(0o022)
    if ids[0] == 0:
        with needs("mounts"):
            files = stage.build(box, (box.uid, box.gid))
        with needs("service account"):
            os.setgroups([])
            os.setresgid(box.gid, box.gid, box.gid)
            os.setresuid(box.uid, box.uid, box.uid)
            libc.make_dumpable()
        with needs("user namespace"):
            libc.unshare(_USER_FLAGS)
        with needs("id map"):
            namespaces.map_single_user(stage.USER, box.uid, box.gid)
    else:
        with needs("id map"):
            namespaces.map_single_user(stage.USER, *ids)
        with needs("mounts"):
            files = stage.build(box, None)
    with needs("session keyring"):
        libc.join_new_session_keyring()
    with needs("parent death signal"):
        libc.die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return files, prepare_network()


class _Run:
    """One program: bwrap, and the init of its pid namespace, which may outlive bwrap."""

    def __init__(self, number: int, pid: int, status: int) -> None:
        self.number = number
        self.pid = pid
        self.status = status
        self.text = b""
        self.init = 0
        self.init_reaped = False
        self.executed = False
        self.code: int | None = None
        self.cpu_seconds = 0.0
        self.peak_memory_bytes = 0

    def read_status(self) -> None:
        """Read what bwrap told: {"child-pid": N} and, if it executed, {"exit-code": N}."""
        try:
            self.text += os.read(self.status, 4096)
        except BlockingIOError:
            return
        for line in self.text.split(b"\n")[:-1]:
            told = json.loads(line)
            self.init = told.get("child-pid", self.init)
            self.executed = self.executed or "exit-code" in told

    def account(self, usage: resource.struct_rusage) -> None:
        """Add what a reaped process and its reaped descendants used."""
        self.cpu_seconds += usage.ru_utime + usage.ru_stime
        self.peak_memory_bytes = max(self.peak_memory_bytes, usage.ru_maxrss * 1024)


class _Holder:
    def __init__(
        self, box: wire.OpenBox, sock: socket.socket, lifeline: int, programs: Filters
    ) -> None:
        self._box = box
        self._socket = sock
        self._programs = programs
        self._runs: dict[int, _Run] = {}
        self._wakeup, write = socket.socketpair()
        self._write = write
        for end in (self._wakeup, write):
            end.setblocking(False)
        signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._lifeline = lifeline

    def serve(self) -> None:
        """Answer requests until the box socket or the lifeline hangs up."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._wakeup, select.POLLIN)
        poll.register(self._lifeline, 0)
        while True:
            for fd, _state in poll.poll():
                if fd == self._lifeline:
                    return
                if fd == self._wakeup.fileno():
                    self._wakeup.recv(4096)
                    self._reap()
                elif not self._answer():
                    return

    def _answer(self) -> bool:
        message, descriptors = wire.receive(self._socket)
        if isinstance(message, wire.RunProgram):
            self._start(message, descriptors)
        elif isinstance(message, wire.KillProgram):
            for run in self._runs.values():
                if run.number == message.run and run.code is None:
                    os.kill(run.pid, signal.SIGKILL)
        return message is not None

    def _start(self, message: wire.RunProgram, descriptors: tuple[int, ...]) -> None:
        read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(write, True)
        pid = os.fork()
        if pid == 0:
            start = runner.Start(descriptors, write, message.control)
            runner.run(start, self._box, self._programs)
        self._runs[pid] = _Run(message.run, pid, read)
        for fd in (write, *descriptors):
            os.close(fd)

    def _reap(self) -> None:
        while self._runs:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for run in self._runs.values():
                run.read_status()
            self._note_end(pid, status, usage)

    def _note_end(self, pid: int, status: int, usage: resource.struct_rusage) -> None:
        run = self._runs.get(pid)
        if run is not None:
            code = os.waitstatus_to_exitcode(status)
            run.code = code if code >= 0 else 128 - code
            run.init_reaped = run.init_reaped or not _is_child(run.init)
        else:
            run = next((one for one in self._runs.values() if one.init == pid), None)
            if run is None:
                return
            run.init_reaped = True
        run.account(usage)
        if run.code is not None and run.init_reaped:
            self._report(run, run.code)

    def _report(self, run: _Run, code: int) -> None:
        del self._runs[run.pid]
        os.close(run.status)
        end = wire.Exited(run.number, code, run.cpu_seconds, run.peak_memory_bytes, run.executed)
        wire.send(self._socket, end)


def _is_child(pid: int) -> bool:
    """Whether `pid` is a child that was not reaped; makes sure that it is about to die."""
    if pid == 0:
        return False
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    os.kill(pid, signal.SIGKILL)
    return True
