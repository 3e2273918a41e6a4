"""System calls that Python's os module lacks, by ctypes. Every failure is an OSError.

Man pages: mount(2), unshare(2), clone(2), prctl(2), keyctl(2), close_range(2),
process_vm_readv(2), seccomp(2).
"""

import ctypes
import os
import signal
from typing import Final

from zu_backends.kernel.syscalls import this_architecture

CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWUSER: Final = 0x1000_0000
CLONE_NEWPID: Final = 0x2000_0000
CLONE_NEWNET: Final = 0x4000_0000

MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_KEYCTL_JOIN_SESSION_KEYRING: Final = 1

_libc: Final = ctypes.CDLL(None, use_errno=True)


class _IoVector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _SocketFilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _syscall(name: str, *arguments: object) -> int:
    number = this_architecture().numbers[name]
    _libc.syscall.restype = ctypes.c_long
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), name)


def _prctl(option: int, value: int, what: str) -> None:
    unused = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(value), unused, unused, unused), what)


def _path(path: str | bytes | None) -> bytes | None:
    return None if path is None else os.fsencode(path)


def mount(
    source: str | None, target: str, kind: str | None, flags: int = 0, options: str | None = None
) -> None:
    """Mount `source` on `target`; see mount(2)."""
    data = _path(options)
    result = _libc.mount(
        _path(source), _path(target), _path(kind), ctypes.c_ulong(flags), ctypes.c_char_p(data)
    )
    _checked(result, f"mount {kind or source or 'propagation'} on {target}")


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` (CLONE_NEW*) names for new ones."""
    _checked(_libc.unshare(flags), f"unshare {flags:#x}")


def fork_into(flags: int) -> int:
    """Fork into new namespaces (CLONE_NEW*) at once; return 0 in the child.

    A second fork, which unshare(CLONE_NEWPID) would need, is saved. The caller must have
    one thread only: locks of other threads would stay locked in the child for ever.
    """
    python = ctypes.pythonapi
    unused = ctypes.c_ulong(0)
    number = ctypes.c_long(this_architecture().numbers["clone"])
    child_flags = ctypes.c_ulong(flags | signal.SIGCHLD)
    _libc.syscall.restype = ctypes.c_long
    python.PyOS_BeforeFork()
    pid: int = _libc.syscall(number, child_flags, unused, unused, unused, unused)
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0
    error = ctypes.get_errno()
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, os.strerror(error), f"clone {flags:#x}")
    return pid


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent (the thread that forked) ends.

    A change of credentials clears this: call it after the last one. A parent that ended
    before the call is not noticed.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, "set parent death signal")


def make_dumpable() -> None:
    """Give /proc/self back to this process's uid, which a change of uid took from it."""
    _prctl(_PR_SET_DUMPABLE, 1, "set dumpable")


def join_new_session_keyring() -> None:
    """Leave the session keyring that was inherited for a new, empty one.

    A kernel without keyrings (ENOSYS) has none to leave.
    """
    try:
        _syscall(
            "keyctl",
            ctypes.c_long(_KEYCTL_JOIN_SESSION_KEYRING),
            ctypes.c_void_p(None),
            ctypes.c_ulong(0),
            ctypes.c_ulong(0),
            ctypes.c_ulong(0),
        )
    except OSError as error:
        if error.errno != 38:
            raise


def close_from(first: int) -> None:
    """Close every descriptor from `first` upwards."""
    _syscall("close_range", ctypes.c_uint(first), ctypes.c_uint(0xFFFF_FFFF), ctypes.c_uint(0))


def install_seccomp_filter(program: bytes, flags: int) -> int:
    """Install a classic BPF `program` for this thread and its children, for ever.

    Sets no_new_privs, which seccomp(2) asks for. Returns the descriptor of the listener
    where `flags` asks for one, else 0.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, "set no_new_privs")
    buffer = ctypes.create_string_buffer(program, len(program))
    header = _SocketFilterProgram(len(program) // 8, ctypes.addressof(buffer))
    set_mode_filter = ctypes.c_uint(1)
    return _syscall("seccomp", set_mode_filter, ctypes.c_uint(flags), ctypes.byref(header))


def seccomp_notification_sizes() -> tuple[int, int, int]:
    """Return the kernel's sizes of a notification, a response and the call data, in bytes."""
    sizes = (ctypes.c_uint16 * 3)()
    _syscall("seccomp", ctypes.c_uint(3), ctypes.c_uint(0), ctypes.byref(sizes))
    return sizes[0], sizes[1], sizes[2]


def landlock_version() -> int:
    """Return the version of the kernel's Landlock interface; landlock_create_ruleset(2).

    ENOSYS: there is none; EOPNOTSUPP: it was switched off at boot.
    """
    nothing, size = ctypes.c_void_p(None), ctypes.c_size_t(0)
    ask_for_version = ctypes.c_uint32(1)
    return _syscall("landlock_create_ruleset", nothing, size, ask_for_version)


def read_process_memory(pid: int, address: int, count: int) -> bytes:
    """Return at most `count` bytes at `address` of process `pid`; process_vm_readv(2)."""
    buffer = ctypes.create_string_buffer(count)
    local = _IoVector(ctypes.addressof(buffer), count)
    remote = _IoVector(address, count)
    got = _syscall(
        "process_vm_readv",
        ctypes.c_long(pid),
        ctypes.byref(local),
        ctypes.c_ulong(1),
        ctypes.byref(remote),
        ctypes.c_ulong(1),
        ctypes.c_ulong(0),
    )
    return buffer.raw[:got]
