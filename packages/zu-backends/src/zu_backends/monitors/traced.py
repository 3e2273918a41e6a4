"""The thread behind a trapped call, read through /proc and process_vm_readv(2)."""

import os
from functools import cached_property

from zu_backends.kernel.memory import read_bytes
from zu_backends.monitors.calls import AT_FDCWD
from zu_backends.monitors.lookup import missing_errno
from zu_backends.monitors.processes import read_status
from zu_backends.monitors.procfs import ProcessStatus


class TracedThread:
    """A `calls.Caller` that waits in a system call.

    Whatever it says is about that thread only as long as its call still waits: the number
    may be given to another one after its death.

    Args:
        tid: the thread's id in our pid namespace.
    """

    def __init__(self, tid: int) -> None:
        self._tid = tid

    @cached_property
    def _status(self) -> ProcessStatus:
        status = read_status(self._tid)
        if status is None:
            raise ProcessLookupError(f"thread {self._tid} is gone")
        return status

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            ProcessLookupError: it is gone.
        """
        return self._status.tgid

    @property
    def parent_pid(self) -> int:
        """The process id of its parent; 0 if that lies outside of our pid namespace.

        Raises:
            ProcessLookupError: it is gone.
        """
        return self._status.parent_pid

    def read(self, address: int, length: int) -> bytes:
        """Return 1 to `length` bytes of its memory.

        Raises:
            OSError: the first byte can't be read.
        """
        return read_bytes(self._tid, address, length)

    def directory(self, descriptor: int) -> bytes | None:
        """The path, as its own root shows it, of a descriptor or of AT_FDCWD."""
        name = "cwd" if descriptor == AT_FDCWD else f"fd/{descriptor}"
        try:
            return os.readlink(f"/proc/{self._tid}/{name}".encode())
        except OSError:
            return None

    def missing(self, path: bytes) -> int:
        """The errno for which `path` surely can't be opened in its root; else 0."""
        try:
            root_fd = os.open(f"/proc/{self._tid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return 0
        try:
            return missing_errno(root_fd, path, self._status.uid)
        finally:
            os.close(root_fd)
