"""A process under the notify filter, whose listener a test serves."""

import gc
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from zu_backends.monitors.calls import CallEffect
from zu_backends.monitors.syscalls import SyscallMonitor

_PRELUDE = """
import os, socket, sys
from zu_backends.kernel.filters import notify_filter
from zu_backends.kernel.seccomp import install_listener
from zu_backends.kernel.syscalls import this_architecture
harness = socket.socket(fileno=int(sys.argv[1]))
listener = install_listener(notify_filter(this_architecture()))
socket.send_fds(harness, [b"listener"], [listener])
os.close(listener)
harness.recv(2)
"""


class Trapped:
    """A started process that waits for `go`, and the descriptor of its listener."""

    def __init__(self, source: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.set_inheritable(True)
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-s", "-B", "-c", _PRELUDE + source, str(theirs.fileno())],
                {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        self.socket = ours
        ours.settimeout(60)
        _message, (self.listener_fd,), _flags, _address = socket.recv_fds(ours, 16, 1)
        self._status: int | None = None
        self._waiting = threading.Lock()

    def go(self) -> None:
        self.socket.sendall(b"go")

    def wait(self) -> int:
        with self._waiting:
            if self._status is None:
                self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self._status

    def kill(self) -> None:
        """End it from any thread; when this returns its number is free."""
        if self._status is None:
            os.kill(self.pid, 9)
            self.wait()


class Watched:
    """A trapped process whose calls a monitor records."""

    def __init__(self, source: str, *, observe: Callable[[CallEffect], None] | None, **options):
        self.facts: list[CallEffect] = []
        self.program = Trapped(source)
        self.arrived = threading.Condition()
        self._then = observe
        self.monitor = SyscallMonitor(self.program.listener_fd, self._observe, **options)
        self.monitor.start()

    def _observe(self, effect: CallEffect) -> None:
        if self._then is not None:
            self._then(effect)
        with self.arrived:
            self.facts.append(effect)
            self.arrived.notify_all()

    def run(self) -> int:
        self.program.go()
        status = self.program.wait()
        self.monitor.wait_ended(10)
        return status

    def of(self, kind: type) -> list:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@contextmanager
def _no_descriptor_left() -> Iterator[None]:
    # Descriptors of earlier tests that wait for the collector are not ours to count.
    gc.collect()
    before = set(os.listdir("/proc/self/fd"))
    yield
    assert set(os.listdir("/proc/self/fd")) <= before


@pytest.fixture
def no_descriptor_left() -> Callable[[], AbstractContextManager[None]]:
    return _no_descriptor_left


@pytest.fixture
def trapped() -> Iterator[Callable[[str], Trapped]]:
    made: list[Trapped] = []

    def make(source: str) -> Trapped:
        made.append(Trapped(source))
        return made[-1]

    yield make
    for one in made:
        one.kill()
        one.socket.close()


@pytest.fixture
def watched() -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(
        source: str, *, observe: Callable[[CallEffect], None] | None = None, **options
    ) -> Watched:
        made.append(Watched(source, observe=observe, **options))
        return made[-1]

    yield make
    for one in made:
        one.program.kill()
        one.program.socket.close()
        one.monitor.stop()
