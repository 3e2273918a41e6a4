"""The process that becomes bwrap: a fork of the holder, once for each program.

It takes the descriptors that the program gets, sets the limits, installs the filter that
monitors listen to, hands the listener out and waits for leave. From then on its own
system calls are trapped as well.
"""

import fcntl
import os
import resource
import signal
import socket
from typing import Final, NoReturn

from zu_backends.boxes import wire
from zu_backends.boxes.mechanism import needs
from zu_backends.kernel import libc, seccomp
from zu_backends.kernel.filters import Filters
from zu_core.errors import Unavailable

CONTROL_FD: Final = 3
SECCOMP_FD: Final = 5
_OPTIONS_FD: Final = 4
_STATUS_FD: Final = 6
_RUN_FD: Final = 7
_SPARE: Final = 64
_COULD_NOT_RUN: Final = 126

# What is ignored or blocked stays so across exec; the rest of the signals can be neither.
_RESETTABLE: Final = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


class Start:
    """What a runner needs, as the holder received it; the numbers are descriptors."""

    def __init__(self, descriptors: tuple[int, ...], status: int, control: bool) -> None:
        """Take [stdin, stdout, stderr, options, command, run socket, (control)]."""
        self.streams = descriptors[:3]
        self.options, self.command, self.run_socket = descriptors[3:6]
        self.control = descriptors[6] if control else -1
        self.status = status


def run(start: Start, box: wire.OpenBox, programs: Filters) -> NoReturn:
    """Become bwrap, or report why not and end."""
    command = _read_all(start.command).split(b"\0")
    run_socket = _arrange(start, programs)
    try:
        _reset_signals()
        with needs("resource limits"):
            _set_limits(box.rlimits)
        with needs("seccomp listener"):
            listener = seccomp.install_listener(programs.notify)
        wire.send(run_socket, wire.Held(), (listener,))
        os.close(listener)
        if run_socket.recv(4096):
            with needs("bubblewrap"):
                _execute(box.bwrap, command)
    except Unavailable as error:
        wire.send(run_socket, wire.Failed(error.message, error.advice))
    except Exception as error:  # noqa: BLE001 - told to the harness; the process ends here
        wire.send(run_socket, wire.Failed(f"the runner failed: {error!r}", ""))
    finally:
        os._exit(_COULD_NOT_RUN)


def _execute(bwrap: str, command: list[bytes]) -> NoReturn:
    """The options go by descriptor: the command line of the box's init shows them to nobody."""
    options = ["bwrap", "--args", str(_OPTIONS_FD), "--json-status-fd", str(_STATUS_FD), "--"]
    # An empty environment: that of the box's init can be read in the box.
    os.execve(bwrap, [*map(os.fsencode, options), *command], {})  # noqa: S606


def _read_all(fd: int) -> bytes:
    with open(fd, "rb") as file:
        return file.read()


def _arrange(start: Start, programs: Filters) -> socket.socket:
    """Put every descriptor on its number and close all others; return the run socket."""
    deny = os.memfd_create("filter")
    os.write(deny, programs.deny)
    os.lseek(deny, 0, os.SEEK_SET)
    wanted = dict(enumerate(start.streams))
    wanted |= {_OPTIONS_FD: start.options, SECCOMP_FD: deny, _STATUS_FD: start.status}
    wanted[_RUN_FD] = start.run_socket
    if start.control >= 0:
        wanted[CONTROL_FD] = start.control
    # Two steps, or a descriptor could be overwritten before it is moved.
    high = {place: _move_up(fd, _SPARE + place) for place, fd in wanted.items()}
    for place, fd in high.items():
        os.dup2(fd, place, inheritable=place != _RUN_FD)
    if start.control < 0:
        os.closerange(CONTROL_FD, CONTROL_FD + 1)
    libc.close_from(_RUN_FD + 1)
    return socket.socket(fileno=_RUN_FD)


def _move_up(fd: int, lowest: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in _RESETTABLE:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)


def _set_limits(limits: tuple[tuple[str, int], ...]) -> None:
    for name, value in limits:
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
        except ValueError as error:  # above the hard limit of the account
            raise OSError(1, str(error), f"RLIMIT_{name}={value}") from error
