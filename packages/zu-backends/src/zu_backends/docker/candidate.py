"""A process in a program's container that waits: for its checks, then for leave to go on."""

from contextlib import AsyncExitStack
from importlib.resources import files
from typing import Final

from zu_backends.boxes.bubblewrap import CONTROL_FD
from zu_backends.contained.candidate import Candidate
from zu_backends.contained.facts import FactJournal
from zu_backends.contained.frames import send
from zu_backends.contained.surroundings import Bait
from zu_backends.docker import plan
from zu_backends.docker.jail import DockerJail
from zu_backends.monitors.syscalls import SyscallMonitor

_PIPE_BYTES: Final = 1 << 20

# The image's Python may be another version than ours: the probe travels as text.
LOADER: Final = """import posix, sys
def read(count):
    data = b""
    while len(data) < count:
        piece = posix.read(int(sys.argv[1]), count - len(data))
        if not piece:
            posix._exit(125)
        data += piece
    return data
exec(read(int(read(8), 16)).decode())
"""


async def start_candidate(jail: DockerJail, journal: FactJournal) -> Candidate:
    """Start the image's interpreter; it has no checks yet. Facts are traces from now on.

    Raises:
        Unavailable: it can't be started.
    """
    async with AsyncExitStack() as undo:
        bait = Bait()
        undo.callback(bait.close)
        journal.start_probe(bait.nonce)
        undo.callback(journal.end_probe)
        argv = (plan.PYTHON, "-I", "-S", "-c", LOADER, str(CONTROL_FD), bait.nonce)
        process = await jail.run(argv, {}, jail.paths.work, limit=_PIPE_BYTES)
        undo.push_async_callback(process.kill)
        take = journal.taker_from_thread("monitor.syscalls")
        candidate = Candidate(process, SyscallMonitor(process.notify_fd, take), bait, journal)
        undo.push_async_callback(candidate.stop)
        candidate.syscalls.start()
        await send(candidate.control(), probe_text())
        await process.release()
        undo.pop_all()
    return candidate


def probe_text() -> bytes:
    """Return the source of `zu_backends.boxes.probe`."""
    return (files("zu_backends.boxes") / "probe.py").read_bytes()
