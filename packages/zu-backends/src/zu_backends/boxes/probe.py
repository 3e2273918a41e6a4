"""The program that runs in a box before its target does, and then becomes the target.

It tries to get out, reports each attempt on the control socket, waits for leave and
executes the target in its own process: what it found holds for the target's first
instruction. It is started as `python -I -S -c <loader>`, gets this module as code, shares
nothing with the harness and imports C modules only: `os` would add a tenth to its start,
`json`, `socket` and `ctypes` would triple it.

Attempts never change anything: each one either fails or shows that it could have worked.
Those that wait for an answer are generators, which yield when they have asked: all are
asked before the first is waited for.
The wire format is documented in `zu_backends.boxes.selfprobe`, the other end.
"""

import _ctypes
import _signal  # type: ignore[import-not-found]  # has no stub
import _socket
import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Answer = Generator[None, None, tuple[bool, str]]

TIMEOUT_S = 2.0
ST_NODEV = 4  # of Linux; only some builds of Python name it


class Long(_ctypes._SimpleCData):  # type: ignore[type-arg]
    """`long` of C."""

    _type_ = "l"


class Function(_ctypes.CFuncPtr):
    """A function of libc that sets errno."""

    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    _restype_ = Long


def libc(name: str) -> Function:
    """Return the function `name` of the C library."""
    program = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # the stub does not know None
    return Function(_ctypes.dlsym(program, name))


def refused(attempt: "Callable[[], object]") -> tuple[bool, str]:
    """Run `attempt`; return whether it raised OSError."""
    try:
        attempt()
    except OSError as error:
        return True, f"errno {error.errno}"
    return False, "it worked"


def check_host_files(*files: str) -> tuple[bool, str]:
    """What these paths are on the host (path=device:inode) is not there, or not that."""
    reached = []
    for file in files:
        path, _, identity = file.rpartition("=")
        try:
            found = posix.stat(path)
        except OSError:
            continue
        if f"{found.st_dev}:{found.st_ino}" == identity:
            reached.append(path)
    return not reached, "reached: " + ", ".join(reached) if reached else ""


def check_root(allowed: str) -> tuple[bool, str]:
    """The root directory holds what the box put there and nothing else."""
    strangers = sorted(set(posix.listdir("/")) - set(allowed.split(",")))
    return not strangers, "strangers: " + ", ".join(strangers) if strangers else ""


def check_processes() -> tuple[bool, str]:
    """No process is visible but the box's init and this one."""
    pids = {int(name) for name in posix.listdir("/proc") if name.isdigit()}
    strangers = sorted(pids - {1, posix.getpid()})
    if posix.getppid() != 1:
        return False, f"the parent is process {posix.getppid()}, not the box's init"
    return not strangers, f"visible: {strangers}" if strangers else ""


def check_parent_environment() -> tuple[bool, str]:
    """The environments of other processes are empty or out of reach."""
    for name in posix.listdir("/proc"):
        if name.isdigit() and int(name) != posix.getpid():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    found = file.read()
            except OSError:
                continue
            if found:
                names = [
                    item.split(b"=")[0].decode("ascii", "replace") for item in found.split(b"\0")
                ]
                return False, f"process {name} shows {', '.join(filter(None, names))}"
    return True, ""


def check_namespaces(*outside: str) -> tuple[bool, str]:
    """Every namespace of this process is another one than the harness has."""
    shared = [
        name for name in outside if posix.readlink("/proc/self/ns/" + name.split(":")[0]) == name
    ]
    return not shared, "shared with the harness: " + ", ".join(shared) if shared else ""


def check_user() -> tuple[bool, str]:
    """This process is not root, has no capabilities, can't gain any, and is filtered."""
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    wrong = [
        f"{key}={status.get(key)}"
        for key, wanted in (
            ("NoNewPrivs", 1),
            ("Seccomp", 2),
            ("CapPrm", 0),
            ("CapEff", 0),
            ("CapBnd", 0),
            ("CapAmb", 0),
        )
        if int(status.get(key, "-1"), 16) != wanted
    ]
    if 0 in (posix.getuid(), posix.geteuid(), posix.getgid(), posix.getegid()):
        wrong.append("uid or gid 0")
    return not wrong, ", ".join(wrong)


def check_user_namespace() -> tuple[bool, str]:
    """A new user namespace, where this process would be root, can't be had."""
    made = libc("unshare")(0x10000000) == 0
    return not made, "unshare worked" if made else f"errno {_ctypes.get_errno()}"


def check_system_calls(*calls: str) -> tuple[bool, str]:
    """Calls that widen the kernel's surface are refused by the filter (EPERM or ENOSYS)."""
    syscall, allowed = libc("syscall"), []
    for call in calls:
        name, number = call.split("=")
        result = syscall(Long(int(number)), Long(0), Long(0), Long(0), Long(0), Long(0))
        if result != -1 or _ctypes.get_errno() not in (1, 38):
            allowed.append(name)
    return not allowed, "let through: " + ", ".join(allowed) if allowed else ""


def check_sockets() -> tuple[bool, str]:
    """Socket families that reach past a network namespace or its rules are refused."""
    opened = []
    for name, family, kind in (
        ("packet", 17, 3),
        ("vsock", 40, 1),
        ("raw", 2, 3),
        ("raw6", 10, 3),
        ("ping", 2, 2),
    ):
        protocol = {"raw": 1, "raw6": 58, "ping": 1}.get(name, 0)
        try:
            _socket.socket(family, kind, protocol).close()
        except OSError:
            continue
        opened.append(name)
    return not opened, "opened: " + ", ".join(opened) if opened else ""


def check_descriptors(control: str) -> tuple[bool, str]:
    """Nothing was inherited but the standard streams and the control socket.

    What this process opened itself is closed by exec, PEP 446; an inherited one is not.
    """
    links = {}
    for name in posix.listdir("/proc/self/fd"):
        try:
            if posix.get_inheritable(int(name)):
                links[int(name)] = posix.readlink("/proc/self/fd/" + name)
        except OSError:
            continue  # the descriptor of the listing itself
    extra = {fd: link for fd, link in links.items() if fd > 2 and fd != int(control)}
    return not extra, f"inherited: {extra}" if extra else ""


def check_abstract_socket(name: str) -> tuple[bool, str]:
    """A listening abstract socket of the host is not there."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        return refused(lambda: sock.connect("\0" + name))
    finally:
        sock.close()


def check_tcp(address: str, port: str, marker: str) -> "Answer":
    """A connection to an address that is not allowed carries nothing back."""
    family = _socket.AF_INET6 if ":" in address else _socket.AF_INET
    sock = _socket.socket(family, _socket.SOCK_STREAM)
    sock.settimeout(TIMEOUT_S)
    try:
        sock.connect((address, int(port)))
        sock.send(marker.encode())
        sock.shutdown(_socket.SHUT_WR)
        yield
        answer = sock.recv(64)
    except TimeoutError:
        return False, "neither refused nor answered within the time"
    except OSError as error:
        return True, f"errno {error.errno}"
    finally:
        sock.close()
    return not answer, f"answered {answer!r}" if answer else "closed"


def check_udp(address: str, port: str, marker: str) -> tuple[bool, str]:
    """A datagram to an address that is not allowed is recorded and dropped."""
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        sock.sendto(marker.encode(), (address, int(port)))
    except OSError as error:
        return True, f"errno {error.errno}"
    finally:
        sock.close()
    return True, "sent"


def check_dns(server: str, name: str) -> "Answer":
    """A name that is not allowed does not exist, whichever resolver is asked."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = b"zu\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\0\0\x01\0\x01"
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    sock.settimeout(TIMEOUT_S)
    try:
        sock.sendto(query, (server, 53))
        yield
        answer = sock.recv(512)
    except TimeoutError:
        return False, "no answer: the gate did not get the query"
    finally:
        sock.close()
    return answer[3] & 15 == 3, f"response code {answer[3] & 15}"


def check_write(*paths: str) -> tuple[bool, str]:
    """Nothing can be opened for writing outside of the box's own directories."""
    opened = []
    for path in paths:
        created = not path.startswith("/proc/")
        try:
            posix.close(posix.open(path, posix.O_WRONLY | (posix.O_CREAT if created else 0), 0o600))
        except OSError:
            continue
        opened.append(path)
        if created:
            posix.unlink(path)
    return not opened, "opened: " + ", ".join(opened) if opened else ""


def check_mount_flags(*paths: str) -> tuple[bool, str]:
    """Devices and setuid files do nothing below these paths; statvfs(3)."""
    wanted = posix.ST_NOSUID | ST_NODEV
    without = [path for path in paths if posix.statvfs(path).f_flag & wanted != wanted]
    return not without, "without: " + ", ".join(without) if without else ""


def check_limits(*limits: str) -> tuple[bool, str]:
    """Resource limits of this process are those of the box."""
    import resource  # noqa: PLC0415 - a C module that only this check needs

    wrong = []
    for limit in limits:
        name, wanted = limit.split("=")
        found = resource.getrlimit(getattr(resource, "RLIMIT_" + name))
        if found[0] != int(wanted) or found[1] != int(wanted):
            wrong.append(f"{name} is {found}, not {wanted}")
    return not wrong, "; ".join(wrong)


def check_disk(size: str, inodes: str, *paths: str) -> tuple[bool, str]:
    """Each writable directory lies on a file system of the box's size."""
    wrong = []
    for path in paths:
        stat = posix.statvfs(path)
        if stat.f_blocks * stat.f_frsize > int(size) or not 0 < stat.f_files <= int(inodes):
            wrong.append(f"{path}: {stat.f_blocks * stat.f_frsize} bytes, {stat.f_files} inodes")
    return not wrong, "; ".join(wrong)


def check_canary(path: str) -> tuple[bool, str]:
    """Reading a planted credential is seen; the reading itself works."""
    fd = posix.open(path, posix.O_RDONLY)
    try:
        posix.read(fd, 1)
    finally:
        posix.close(fd)
    return True, "read"


def check_exec(_marker: str) -> tuple[bool, str]:
    """The start of this very program is seen: the marker is in its arguments."""
    return True, "ran"


def attempt(line: str) -> "Generator[None, None, str]":
    """Begin the check that `line` asks for, then end it; return `name TAB outcome TAB detail`."""
    name, function, *arguments = line.split("\t")
    try:
        result = globals()["check_" + function](*arguments)
        held, detail = result if isinstance(result, tuple) else (yield from result)
        outcome = "held" if held else "escaped"
    except Exception as error:  # noqa: BLE001 - a check that could not run is an outcome
        outcome, detail = "not-run", f"{type(error).__name__}: {error}"
    return "\t".join((name, outcome, detail.replace("\t", " ").replace("\n", " ")))


def step(one: "Generator[None, None, str]") -> str:
    """Go on with an attempt; return its line if it has ended, else ""."""
    try:
        next(one)
    except StopIteration as end:
        return str(end.value)
    return ""


def report(checks: "list[str]") -> str:
    """Run all checks; return one line for each."""
    attempts = [attempt(check) for check in checks]
    begun = [(one, step(one)) for one in attempts]
    return "\n".join(line or step(one) for one, line in begun)


def receive(sock: _socket.socket) -> bytes:
    """Return the next frame: eight hexadecimal digits of length, then the body."""

    def exactly(count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = sock.recv(min(count - len(data), 65536))
            if not piece:
                posix._exit(125)  # the harness is gone or gave no leave
            data += piece
        return data

    return exactly(int(exactly(8), 16))


def send(sock: _socket.socket, body: bytes) -> None:
    """Send one frame."""
    data = b"%08x" % len(body) + body
    while data:
        data = data[sock.send(data) :]


def main(control: int) -> None:
    """Run the checks that the harness asks for; execute the target when it says so."""
    sock = _socket.socket(fileno=control)
    checks = receive(sock).decode().split("\n")
    send(sock, report(checks).encode("utf-8", "backslashreplace"))
    cwd, count, *rest = receive(sock).split(b"\0")
    argv, env = rest[: int(count)], dict(item.split(b"=", 1) for item in rest[int(count) :] if item)
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores them, exec would keep that
        _signal.signal(number, _signal.SIG_DFL)
    posix.set_inheritable(control, False)
    try:
        posix.chdir(cwd)
        posix.execve(argv[0], argv, env)
    except OSError as error:
        send(sock, f"{error.errno} {error.strerror}".encode())
    posix._exit(126)


if __name__ == "__main__":
    main(int(sys.argv[1]))
