"""The two seccomp filters of a box; pure. What they return follows seccomp(2).

`notify_filter` is installed outside, before the box is made, and lets monitors see
execve, connect and opening for writing. `deny_filter` is loaded last and refuses what a
tool has no use for and the kernel gets wrong most often. Where both match, the kernel
takes the refusal.
"""

import errno
import os
import socket
from typing import Final, NamedTuple

from zu_backends.kernel.bpf import ARCHITECTURE, NUMBER, Assembler, argument
from zu_backends.kernel.syscalls import NEWEST_REVIEWED, X32_BIT, Architecture

ALLOW: Final = 0x7FFF_0000
NOTIFY: Final = 0x7FC0_0000
KILL_PROCESS: Final = 0x8000_0000

NOTIFIED: Final = ("execve", "execveat", "connect", "openat", "open", "creat")

# Calls that fail with EPERM, as they would for want of a capability.
REFUSED: Final = (
    "_sysctl",
    "acct",
    "add_key",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "delete_module",
    "fanotify_init",
    "fanotify_mark",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mbind",
    "migrate_pages",
    "modify_ldt",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "open_tree_attr",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "set_mempolicy",
    "set_mempolicy_home_node",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "sysfs",
    "syslog",
    "umount2",
    "uselib",
    "userfaultfd",
    "ustat",
    "vhangup",
)

# Calls that fail with ENOSYS: programs try them and have another way. Filters can't see
# behind the pointers of clone3 and openat2, and io_uring does work without system calls.
UNKNOWN: Final = (
    "clone3",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "listmount",
    "memfd_secret",
    "statmount",
)

OPEN_FOR_WRITE: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# CLONE_NEWTIME (0x80) is a namespace for unshare(2); in clone(2) it is part of the signal.
_NEW_NAMESPACES: Final = 0x7E02_0000
_NEW_TIME_NAMESPACE: Final = 0x80

_SOCKET_TYPE_MASK: Final = 0xF
_IP_TYPES: Final = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
# MPTCP falls back to TCP and is redirected like it. UDP-Lite, SCTP and DCCP are not.
_IP_PROTOCOLS: Final = (0, socket.IPPROTO_TCP, socket.IPPROTO_UDP, 262)

# TIOCSTI types into the terminal, TIOCLINUX pastes into it, TIOCSETD loads line disciplines.
_TERMINAL_REQUESTS: Final = (0x5412, 0x541C, 0x5423)

# PER_LINUX, and the query that changes nothing; others weaken address randomisation.
_PERSONALITIES: Final = (0, 0xFFFF_FFFF)

_PR_SET_DUMPABLE: Final = 4


def fail(number: int) -> int:
    """Return the action that makes a call fail with `number`; 0 makes it do nothing."""
    return 0x0005_0000 | number


class Filters(NamedTuple):
    """Both filters, assembled."""

    notify: bytes
    deny: bytes


def build_filters(machine: Architecture) -> Filters:
    """Return the filters for `machine`."""
    return Filters(notify_filter(machine), deny_filter(machine))


def notify_filter(machine: Architecture) -> bytes:
    """Return the filter that tells a listener of execve, connect and opening for writing."""
    asm = _begin(machine, X32_BIT - 1)
    numbers = machine.numbers
    for name in ("execve", "execveat", "connect", "creat"):
        if name in numbers:
            _give_if(asm, numbers[name], NOTIFY)
    for name, flags in (("openat", 2), ("open", 1)):
        if name in numbers:
            asm.equal(numbers[name], if_false=f"not {name}")
            asm.load(argument(flags))
            asm.any_bit(OPEN_FOR_WRITE, if_false=f"{name} for reading")
            asm.give(NOTIFY)
            asm.label(f"{name} for reading")
            asm.give(ALLOW)
            asm.label(f"not {name}")
    _give_if(asm, numbers["openat2"], fail(errno.ENOSYS))
    asm.give(ALLOW)
    return asm.assemble()


def deny_filter(machine: Architecture) -> bytes:
    """Return the filter that refuses what no tool in a box needs."""
    asm = _begin(machine, NEWEST_REVIEWED)
    numbers = machine.numbers
    for name in REFUSED:
        if name in numbers:
            _give_if(asm, numbers[name], fail(errno.EPERM))
    for name in UNKNOWN:
        _give_if(asm, numbers[name], fail(errno.ENOSYS))
    _refuse_namespaces(asm, numbers["clone"], "clone", _NEW_NAMESPACES)
    _refuse_namespaces(asm, numbers["unshare"], "unshare", _NEW_NAMESPACES | _NEW_TIME_NAMESPACE)
    _refuse_sockets(asm, numbers["socket"])
    _refuse_terminal_requests(asm, numbers["ioctl"])
    _refuse_personalities(asm, numbers["personality"])
    _keep_dumpable(asm, numbers["prctl"])
    asm.give(ALLOW)
    return asm.assemble()


def _begin(machine: Architecture, highest: int) -> Assembler:
    """Start a program: kill what comes through another ABI, refuse numbers above `highest`."""
    asm = Assembler()
    asm.load(ARCHITECTURE)
    asm.equal(machine.audit, if_true="own architecture")
    asm.give(KILL_PROCESS)
    asm.label("own architecture")
    asm.load(NUMBER)
    asm.greater(highest, if_false="known number")
    asm.give(fail(errno.ENOSYS))
    asm.label("known number")
    return asm


def _give_if(asm: Assembler, number: int, action: int) -> None:
    asm.equal(number, if_false=f"after {number}")
    asm.give(action)
    asm.label(f"after {number}")


def _refuse_namespaces(asm: Assembler, number: int, name: str, flags: int) -> None:
    asm.equal(number, if_false=f"not {name}")
    asm.load(argument(0))
    asm.any_bit(flags, if_false=f"{name} without namespaces")
    asm.give(fail(errno.EPERM))
    asm.label(f"{name} without namespaces")
    asm.give(ALLOW)
    asm.label(f"not {name}")


def _refuse_sockets(asm: Assembler, number: int) -> None:
    """Allow UNIX sockets, and TCP and UDP over IP; no other family, type or protocol."""
    asm.equal(number, if_false="not socket")
    asm.load(argument(0))
    asm.equal(socket.AF_UNIX, if_true="socket allowed")
    asm.equal(socket.AF_INET, if_true="IP socket")
    asm.equal(socket.AF_INET6, if_true="IP socket")
    asm.give(fail(errno.EAFNOSUPPORT))
    asm.label("IP socket")
    asm.load(argument(1))
    asm.mask(_SOCKET_TYPE_MASK)
    for kind in _IP_TYPES:
        asm.equal(kind, if_true="IP protocol")
    asm.give(fail(errno.EPERM))
    asm.label("IP protocol")
    asm.load(argument(2))
    for protocol in _IP_PROTOCOLS:
        asm.equal(protocol, if_true="socket allowed")
    asm.give(fail(errno.EPROTONOSUPPORT))
    asm.label("socket allowed")
    asm.give(ALLOW)
    asm.label("not socket")


def _refuse_terminal_requests(asm: Assembler, number: int) -> None:
    asm.equal(number, if_false="not ioctl")
    asm.load(argument(1))
    for request in _TERMINAL_REQUESTS:
        asm.equal(request, if_true="terminal request")
    asm.give(ALLOW)
    asm.label("terminal request")
    asm.give(fail(errno.EPERM))
    asm.label("not ioctl")


def _refuse_personalities(asm: Assembler, number: int) -> None:
    asm.equal(number, if_false="not personality")
    asm.load(argument(0))
    for one in _PERSONALITIES:
        asm.equal(one, if_true="harmless personality")
    asm.give(fail(errno.EPERM))
    asm.label("harmless personality")
    asm.give(ALLOW)
    asm.label("not personality")


def _keep_dumpable(asm: Assembler, number: int) -> None:
    """Make prctl(PR_SET_DUMPABLE) do nothing: a harness without root could not read the
    arguments of a process that is not dumpable."""
    asm.equal(number, if_false="not prctl")
    asm.load(argument(0))
    asm.equal(_PR_SET_DUMPABLE, if_false="other prctl")
    asm.give(fail(0))
    asm.label("other prctl")
    asm.give(ALLOW)
    asm.label("not prctl")
