"""A filter and its listener, in a process of its own: a filter can't be taken off."""

import os
import socket
import subprocess
import sys

import pytest

from zu_backends.kernel.seccomp import Notifier

CHILD = """
import os, socket, sys
from zu_backends.kernel.filters import notify_filter
from zu_backends.kernel.seccomp import install_listener
from zu_backends.kernel.syscalls import this_architecture
harness = socket.socket(fileno=int(sys.argv[1]))
fd = install_listener(notify_filter(this_architecture()))
socket.send_fds(harness, [b"fd"], [fd])
os.close(fd)
harness.recv(2)
try:
    os.close(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT))
    print("opened")
except OSError as error:
    print(error.errno)
try:
    install_listener(notify_filter(this_architecture()))
except OSError as error:
    print(error.errno)
"""


@pytest.fixture
def child(tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(theirs.fileno()), str(tmp_path / "file")],
            pass_fds=[theirs.fileno()],
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        _data, fds, _flags, _address = socket.recv_fds(ours, 10, 1)
        with Notifier(fds[0]) as notifier:
            ours.send(b"go")
            yield process, notifier
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_call_waits_for_its_answer_and_goes_on(child, tmp_path):
    process, notifier = child
    call = notifier.receive()
    assert call is not None
    assert call.pid == process.pid
    assert call.arguments[2] & os.O_CREAT
    assert notifier.id_valid(call)
    assert not (tmp_path / "file").exists()
    assert notifier.allow(call)
    assert process.communicate()[0].split() == [b"opened", b"16"]  # EBUSY
    assert (tmp_path / "file").exists()
    assert notifier.ended()
    assert notifier.receive() is None


def test_a_call_can_fail_with_an_answer(child):
    process, notifier = child
    assert notifier.fail(notifier.receive(), 13)
    assert process.communicate()[0].split()[0] == b"13"


def test_an_answer_to_the_dead_is_not_taken(child):
    process, notifier = child
    call = notifier.receive()
    process.kill()
    process.wait()
    assert not notifier.id_valid(call)
    assert not notifier.allow(call)
    assert notifier.ended()


def test_calls_fail_when_the_listener_is_closed(child):
    process, notifier = child
    notifier.close()
    assert notifier.fileno() == -1
    assert process.communicate()[0].split()[0] == b"38"  # ENOSYS
