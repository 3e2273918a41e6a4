"""The listeners of a box: how they come out of the holder's network to the harness."""

import asyncio
import os
import socket
import subprocess  # noqa: TID251 - starts our own helper: setns(2) needs a process of its own
import sys
from pathlib import Path
from typing import Final

import zu_backends
import zu_core
from zu_backends.boxes import wire
from zu_backends.boxes.channel import Channel, Received
from zu_backends.docker import netns, plan
from zu_backends.docker.engine import Engine
from zu_backends.docker.rendezvous import Rendezvous
from zu_backends.egress.roles import Role
from zu_core.errors import Unavailable

_SECONDS: Final = 20.0

Listeners = dict[Role, socket.socket]


async def enter(pid: int) -> Listeners:
    """Open the listeners in the network of `pid` from outside; takes root.

    Raises:
        Unavailable: the namespace can't be entered, or the kernel lacks something.
    """
    channel, theirs = Channel.pair()
    with theirs:
        process = _start(theirs, pid)
    try:
        return await _received(channel)
    finally:
        channel.close()
        await asyncio.to_thread(process.wait)


def _start(theirs: socket.socket, pid: int) -> subprocess.Popen[bytes]:
    directories = sorted({str(Path(one).parent) for one in _packages()})
    command = [sys.executable, "-I", "-S", netns.__file__, str(theirs.fileno())]
    return subprocess.Popen(
        [*command, *directories, "--enter", str(pid)],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={},
    )


async def ask_container(engine: Engine, parts: plan.Parts, holder_id: str) -> Listeners:
    """Open the listeners by a container that joins the holder's network; takes the engine only.

    Raises:
        Unavailable: the container can't be had, or the kernel lacks something.
    """
    with Rendezvous(parts.uid) as meeting:
        config = plan.network_helper(parts, holder_id, meeting.directory, _packages())
        container = await engine.create(config, f"zu-{parts.box}-network")
        try:
            started = await engine.start(container)
            channel = await meeting.accept(int(started["State"]["Pid"]))
            try:
                return await _received(channel)
            finally:
                channel.close()
        finally:
            await engine.remove(container)


def _packages() -> tuple[str, ...]:
    return tuple(os.path.realpath(one.__path__[0]) for one in (zu_backends, zu_core))


async def _received(channel: Channel) -> Listeners:
    try:
        async with asyncio.timeout(_SECONDS):
            received = await channel.receive()
    except TimeoutError:
        received = None
    return listeners_of(received)


def listeners_of(received: Received | None) -> Listeners:
    """Return the sockets that a `Ready` carries.

    Raises:
        Unavailable: it is something else.
    """
    if received is None:
        raise Unavailable("the helper that opens the box's listeners ended without an answer")
    if isinstance(received.message, wire.Failed):
        raise Unavailable(received.message.message, advice=received.message.advice)
    assert isinstance(received.message, wire.Ready)
    named = zip(received.message.listeners, received.descriptors, strict=True)
    return {Role(name): socket.socket(fileno=fd) for name, fd in named}
