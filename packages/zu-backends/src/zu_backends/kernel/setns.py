"""Joining the namespace of another process; setns(2). Python has it from 3.12 on."""

import ctypes
import os
from typing import Final

from zu_backends.kernel.libc import CLONE_NEWNET

_libc: Final = ctypes.CDLL(None, use_errno=True)


def enter_network(pid: int) -> None:
    """Move this thread into the network namespace of `pid`.

    Raises:
        OSError: there is no such process, or CAP_SYS_ADMIN over the namespace is missing.
    """
    path = f"/proc/{pid}/ns/net"
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.setns(fd, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
    finally:
        os.close(fd)
