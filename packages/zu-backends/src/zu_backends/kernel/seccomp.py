"""Seccomp filters at work: installing one, and answering its notifications.

seccomp(2), seccomp_unotify(2), linux/seccomp.h. Needs Linux 5.5 (CONTINUE).
"""

import errno
import fcntl
import os
import select
import struct
from types import TracebackType
from typing import Final, NamedTuple, Self

from zu_backends.kernel import libc

_NEW_LISTENER: Final = 0x08
_WAIT_KILLABLE: Final = 0x20
_CONTINUE: Final = 1

_IOCTL_RECV: Final = 0xC050_2100
_IOCTL_SEND: Final = 0xC018_2101
_IOCTL_ID_VALID: Final = 0x4008_2102
_IOCTL_SET_FLAGS: Final = 0x4008_2104
_FD_SYNC_WAKE_UP: Final = 1

_NOTIFICATION: Final = struct.Struct("=QIIiIQ6Q")
_RESPONSE: Final = struct.Struct("=QqiI")


class Notification(NamedTuple):
    """A system call that waits for an answer.

    Attributes:
        id: names it in the answer.
        pid: the thread that waits, as the harness sees it; 0 if it lies outside of its
            pid namespace.
        number: system call number.
        arguments: the six registers. What they point to can change at any time.
    """

    id: int
    pid: int
    number: int
    arguments: tuple[int, ...]


def install_listener(program: bytes) -> int:
    """Install `program` for this process and all its descendants; return the listener.

    The listener is closed on exec. While a call waits, only a fatal signal interrupts it
    where the kernel can do that (Linux 5.19); before, a signal makes it be notified twice.

    Raises:
        OSError: EBUSY, if this process has a listener already.
    """
    try:
        return libc.install_seccomp_filter(program, _NEW_LISTENER | _WAIT_KILLABLE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return libc.install_seccomp_filter(program, _NEW_LISTENER)


class Notifier:
    """The listening end of a filter; owns the descriptor.

    Readable (poll, `loop.add_reader`) when a call waits. When this end is closed, or its
    process dies, waiting and later calls fail with ENOSYS.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        sizes = libc.seccomp_notification_sizes()
        self._notification = bytearray(max(sizes[0], _NOTIFICATION.size))
        self._response = bytearray(max(sizes[1], _RESPONSE.size))
        self._wake_on_same_processor()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _wake_on_same_processor(self) -> None:
        """Let caller and listener hand over one processor (Linux 6.6): a sixth of the time."""
        try:
            fcntl.ioctl(self._fd, _IOCTL_SET_FLAGS, _FD_SYNC_WAKE_UP)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTTY):
                raise

    def fileno(self) -> int:
        """Return the descriptor, -1 after `close`."""
        return self._fd

    def close(self) -> None:
        """Close the listener."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def ended(self) -> bool:
        """Whether no process is left that the filter applies to."""
        poll = select.poll()
        poll.register(self._fd, 0)
        return any(state & select.POLLHUP for _fd, state in poll.poll(0))

    def receive(self) -> Notification | None:
        """Return the next waiting call; blocks unless the descriptor is readable.

        None: the process died before its call could be read (or `ended`).
        """
        self._notification[:] = bytes(len(self._notification))
        try:
            fcntl.ioctl(self._fd, _IOCTL_RECV, self._notification, True)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return None
            raise
        number, pid, _flags, call, _audit, _pointer, *arguments = _NOTIFICATION.unpack_from(
            self._notification
        )
        return Notification(number, pid, call, tuple(arguments))

    def id_valid(self, notification: Notification) -> bool:
        """Whether the call still waits: what was read from its pid was read from it."""
        try:
            fcntl.ioctl(self._fd, _IOCTL_ID_VALID, struct.pack("=Q", notification.id))
        except OSError as error:
            if error.errno == errno.ENOENT:
                return False
            raise
        return True

    def allow(self, notification: Notification) -> bool:
        """Let the kernel carry the call out; False if nobody waits for it any more."""
        return self._answer(notification, 0, _CONTINUE)

    def fail(self, notification: Notification, number: int) -> bool:
        """Make the call fail with errno `number`; False if nobody waits any more."""
        return self._answer(notification, -number, 0)

    def _answer(self, notification: Notification, error: int, flags: int) -> bool:
        _RESPONSE.pack_into(self._response, 0, notification.id, 0, error, flags)
        try:
            fcntl.ioctl(self._fd, _IOCTL_SEND, self._response, True)
        except OSError as failure:
            if failure.errno == errno.ENOENT:
                return False
            raise
        return True
