"""The harness's end of the helper program: starts it once, asks it for boxes, ends it."""

import asyncio
import os
import socket
import subprocess  # noqa: TID251 - this is the one place that starts programs: our own helper
import sys
from pathlib import Path
from typing import Self

import zu_backends
import zu_core
from zu_backends.boxes import helper, wire
from zu_backends.boxes.bwrap import Bwrap, find_bwrap
from zu_backends.boxes.channel import Channel
from zu_backends.boxes.host import read_host_root
from zu_backends.boxes.plan import HostRoot
from zu_backends.kernel.syscalls import this_architecture
from zu_core.errors import Unavailable


class Spawner:
    """A running helper. One for each harness; many boxes come from it, also at once."""

    def __init__(
        self, process: subprocess.Popen[bytes], control: Channel, bwrap: Bwrap, host: HostRoot
    ) -> None:
        self._process = process
        self._control = control
        self.bwrap = bwrap
        self.host = host
        self.privileged = os.geteuid() == 0

    @classmethod
    async def start(cls, bwrap: Bwrap | None = None) -> Self:
        """Start the helper.

        Raises:
            Unavailable: no bubblewrap, or no support for this machine.
        """
        this_architecture()
        if bwrap is None:
            bwrap = await asyncio.to_thread(find_bwrap)
        control, theirs = Channel.pair()
        with theirs:
            process = _start(theirs)
        return cls(process, control, bwrap, read_host_root())

    @property
    def pid(self) -> int:
        """Process id of the helper."""
        return self._process.pid

    async def open(self, box: wire.OpenBox, sock: socket.socket) -> None:
        """Ask for a box that answers on the other end of `sock`.

        Raises:
            Unavailable: the helper has ended.
        """
        try:
            await self._control.send(box, (sock.fileno(),))
        except ConnectionError as error:
            raise Unavailable(
                "the helper process that makes boxes has ended",
                advice="run the command again; if it happens again, look for what kills processes",
            ) from error

    async def close(self) -> None:
        """End the helper, and with it every box that is still open."""
        self._control.close()
        await asyncio.to_thread(self._process.wait)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()


def _start(control: socket.socket) -> subprocess.Popen[bytes]:
    """Start the helper in a session of its own: Ctrl-C at the terminal is for the harness."""
    packages = {str(Path(one.__path__[0]).parent) for one in (zu_backends, zu_core)}
    command = [sys.executable, "-I", "-S", helper.__file__, str(control.fileno())]
    return subprocess.Popen(
        [*command, *sorted(packages)],
        pass_fds=[control.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )
