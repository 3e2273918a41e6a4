"""Only the container's own first process gets through, and the directory never stays."""

import asyncio
import os
import socket
import sys

import pytest

from zu_backends.docker import rendezvous
from zu_backends.docker.rendezvous import SOCKET, Rendezvous, remove_abandoned
from zu_core.errors import Unavailable

from .test_labels import ended_harness


def connected(meeting: Rendezvous) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.connect(f"{meeting.directory}/{SOCKET}")
    return sock


async def test_the_expected_process_is_accepted_and_nothing_stays():
    with Rendezvous(os.getuid()) as meeting, connected(meeting):
        (await meeting.accept(os.getpid())).close()
    assert not os.path.exists(meeting.directory)


async def test_another_process_is_turned_away():
    """A program that finds the socket can't pass for the first process."""
    waiting = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys; sys.stdin.read()", stdin=asyncio.subprocess.PIPE
    )
    with Rendezvous(os.getuid()) as meeting, connected(meeting) as stranger:
        accepting = asyncio.create_task(meeting.accept(waiting.pid))
        stranger.setblocking(False)
        assert await asyncio.get_running_loop().sock_recv(stranger, 1) == b""
        waiting.stdin.close()
        with pytest.raises(Unavailable, match="did not report"):
            await accepting
    await waiting.wait()


async def test_one_that_never_comes_is_told(monkeypatch):
    monkeypatch.setattr(rendezvous, "ACCEPT_SECONDS", 0.01)
    with Rendezvous(os.getuid()) as meeting, pytest.raises(Unavailable, match="did not report"):
        await meeting.accept(os.getpid())


def test_directories_of_ended_harnesses_are_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(rendezvous, "_base", lambda: str(tmp_path))
    (tmp_path / f"zu-docker-{ended_harness()}:beef").mkdir()
    (tmp_path / "zu-docker-something").mkdir()
    with Rendezvous(os.getuid()) as meeting:
        assert len(remove_abandoned()) == 1
        assert os.path.isdir(meeting.directory)
    assert os.listdir(tmp_path) == ["zu-docker-something"]
