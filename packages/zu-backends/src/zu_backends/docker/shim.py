"""The first process of our containers; runs in the image's Python and shares nothing with us.

It is started as `python3 -I -S -c <this file> MODE SOCKET` and needs Python 3.10 and the
standard library. Packets on SOCKET (SEQPACKET) are JSON arrays, as in `zu_backends.boxes.wire`,
from which it can't import. Modes:

- `hold`: makes the writable directories, sends `["Ready", []]` with a descriptor of their
  root, and waits. It is the process that keeps network and files of a box.
  It also writes the little of /etc that a program expects, for its own account.
- `run`: receives `["Start", argv, environment, directory, limits, notify, deny]` with
  [stdin, stdout, stderr, run socket, (control)], and starts the program behind the filters.
  On the run socket: `["Held"]` with the listener, then `["Go"]` from the harness.

In both, the end of the container is the end of SOCKET: a harness that is killed takes
everything with it, because the kernel ends a pid namespace with its first process.
"""

import base64
import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

CONTROL_FD = 3
SPARE_FD = 64
COULD_NOT_RUN = 126
PR_SET_NO_NEW_PRIVS = 38
SET_MODE_FILTER = 1
NEW_LISTENER, WAIT_KILLABLE = 0x08, 0x20
SECCOMP = {"x86_64": 317, "aarch64": 277}
DIRECTORIES = (("home", 0o755), ("work", 0o755), ("tmp", 0o1777), ("shm", 0o1777))

libc = ctypes.CDLL(None, use_errno=True)


class Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def send(sock: socket.socket, message: list[object], descriptors: Sequence[int] = ()) -> None:
    """Send one packet."""
    socket.send_fds(sock, [json.dumps(message).encode("ascii")], list(descriptors))


def seccomp(flags: int, program: Program) -> int:
    """Do seccomp(SET_MODE_FILTER); return the listener, where flags ask for one."""
    number = SECCOMP[os.uname().machine]
    values = (ctypes.c_ulong(SET_MODE_FILTER), ctypes.c_ulong(flags), ctypes.byref(program))
    result: int = libc.syscall(ctypes.c_long(number), *values)
    if result < 0:
        raise OSError(ctypes.get_errno(), "seccomp: " + os.strerror(ctypes.get_errno()))
    return result


def install(program: bytes, flags: int) -> int:
    """Install a seccomp filter as an account without privileges may."""
    if libc.prctl(PR_SET_NO_NEW_PRIVS, *(ctypes.c_ulong(one) for one in (1, 0, 0, 0))):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    buffer = ctypes.create_string_buffer(program, len(program))
    header = Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    return seccomp(flags, header)


def install_listener(program: bytes) -> int:
    """As `install`; before Linux 5.19 there is no WAIT_KILLABLE."""
    try:
        return install(program, NEW_LISTENER | WAIT_KILLABLE)
    except OSError as error:
        if error.errno != 22:
            raise
    return install(program, NEW_LISTENER)


def write_etc(root: int) -> None:
    """Write what a box shows in /etc in place of the image's; see `plan.ETC_FILES`."""
    ids = f"{os.getuid()}:{os.getgid()}"
    files = {
        "passwd": f"root:x:0:0:root:/:/bin/false\ntool:x:{ids}:tool:/home/tool:/bin/sh\n",
        "group": f"root:x:0:\ntool:x:{os.getgid()}:\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "resolv.conf": "nameserver 127.0.0.1\n",
    }
    os.mkdir("etc", dir_fd=root)
    for name, text in files.items():
        fd = os.open("etc/" + name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444, dir_fd=root)
        os.write(fd, text.encode("ascii"))
        os.close(fd)


def hold(sock: socket.socket) -> None:
    """Make the directories, hand them out, wait for the end."""
    root = os.open("/zu/files", os.O_RDONLY | os.O_DIRECTORY)
    for name, mode in DIRECTORIES:
        os.mkdir(name, dir_fd=root)
        os.chmod(name, mode, dir_fd=root)
    write_etc(root)
    send(sock, ["Ready", []], [root])
    os.close(root)
    sock.recv(1)


def arrange(descriptors: list[int]) -> socket.socket:
    """Put streams and control socket on 0 to 3, the run socket above; close all others."""
    streams, run, control = descriptors[:3], descriptors[3], descriptors[4:]
    places = dict(enumerate(streams))
    if control:
        places[CONTROL_FD] = control[0]
    places[SPARE_FD - 1] = run
    high = {to: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, SPARE_FD) for to, fd in places.items()}
    for to, fd in high.items():
        os.dup2(fd, to, inheritable=to != SPARE_FD - 1)
    if not control:
        with contextlib.suppress(OSError):
            os.close(CONTROL_FD)
    os.closerange(CONTROL_FD + 1, SPARE_FD - 1)
    os.closerange(SPARE_FD, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return socket.socket(fileno=SPARE_FD - 1)


def become(start: list[Any], descriptors: list[int]) -> NoReturn:
    """Become the program, or say on the run socket why not; never returns."""
    _kind, argv, environment, directory, limits, notify, deny = start
    run = arrange(descriptors)
    try:
        os.setsid()
        os.umask(0o022)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.chdir(directory)
        for name, value in limits:
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
        listener = install_listener(base64.b64decode(notify))
        send(run, ["Held"], [listener])
        os.close(listener)
        if run.recv(4096):
            install(base64.b64decode(deny), 0)
            # A bare name stands for this very interpreter, wherever the image has it.
            path = argv[0] if "/" in argv[0] else sys.executable
            os.execve(path, [path, *argv[1:]], dict(environment))  # noqa: S606
    except Exception as error:  # noqa: BLE001 - told to the harness; the process ends here
        send(run, ["Failed", f"the program could not be started: {error!r}", ""])
    finally:
        os._exit(COULD_NOT_RUN)


def reap(main: int) -> int | None:
    """Return the exit status of `main` if it ended, else None; reaps what else ended."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == main:
            found = os.waitstatus_to_exitcode(status)


def finish() -> None:
    """Kill and reap all other processes of the container."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def run(sock: socket.socket) -> None:
    """Start one program, wait for its end or the harness's, and tell how it ended."""
    packet, descriptors, _flags, _address = socket.recv_fds(sock, 1 << 20, 8)
    if not packet:
        return
    start = json.loads(packet)
    wakeup, write = socket.socketpair()
    wakeup.setblocking(False)
    write.setblocking(False)
    signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    main = os.fork()
    if main == 0:
        become(start, descriptors)
    for fd in descriptors:
        os.close(fd)
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    poll.register(wakeup, select.POLLIN)
    code: int | None = None
    while code is None:
        for fd, _state in poll.poll():
            if fd == sock.fileno():
                if not sock.recv(4096):
                    return
                os.kill(-1, signal.SIGKILL)
            else:
                wakeup.recv(4096)
                code = reap(main) if code is None else code
    finish()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = usage.ru_utime + usage.ru_stime
    code = code if code >= 0 else 128 - code
    send(sock, ["Exited", 1, code, used, usage.ru_maxrss * 1024, code != COULD_NOT_RUN])


def main() -> None:
    """Connect and serve; the environment of pid 1 can be read in the box, so it is empty."""
    if os.environ:  # noqa: TID251 - the container's, not the harness's
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {})  # noqa: S606
    # What has its default is ignored in pid 1; Python gives this one a handler.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    mode, path = sys.argv[1:3]
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.connect(path)
    hold(sock) if mode == "hold" else run(sock)


if __name__ == "__main__":
    main()
