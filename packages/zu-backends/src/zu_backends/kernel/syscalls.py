"""System call numbers by architecture, from the kernel's own headers.

Sources: arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl of Linux 6.18.
Numbers from 424 upwards are the same on every architecture.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from zu_core.errors import Unavailable

# The newest call that was reviewed for the deny list: file_setattr, Linux 6.17. A later
# kernel's newer calls are refused as unknown.
NEWEST_REVIEWED: Final = 469

# Numbers with bit 30 set are the x32 ABI of x86_64: the same calls under other numbers.
X32_BIT: Final = 0x4000_0000

# name: (x86_64, aarch64); None where the architecture has no such call.
_NUMBERS: Final[dict[str, tuple[int, int | None]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "open": (2, None),
    "close": (3, 57),
    "mmap": (9, 222),
    "ioctl": (16, 29),
    "getpid": (39, 172),
    "socket": (41, 198),
    "connect": (42, 203),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "clone": (56, 220),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "creat": (85, None),
    "ptrace": (101, 117),
    "syslog": (103, 116),
    "uselib": (134, None),
    "personality": (135, 92),
    "ustat": (136, None),
    "sysfs": (139, None),
    "vhangup": (153, 58),
    "modify_ldt": (154, None),
    "pivot_root": (155, 41),
    "_sysctl": (156, None),
    "prctl": (157, 167),
    "chroot": (161, 51),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "mount": (165, 40),
    "umount2": (166, 39),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "quotactl": (179, 60),
    "nfsservctl": (180, 42),
    "futex": (202, 98),
    "lookup_dcookie": (212, 18),
    "clock_settime": (227, 112),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "migrate_pages": (256, 238),
    "openat": (257, 56),
    "unshare": (272, 97),
    "move_pages": (279, 239),
    "perf_event_open": (298, 241),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "clock_adjtime": (305, 266),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "finit_module": (313, 273),
    "seccomp": (317, 277),
    "memfd_create": (319, 279),
    "kexec_file_load": (320, 294),
    "bpf": (321, 280),
    "execveat": (322, 281),
    "userfaultfd": (323, 282),
    "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "pidfd_open": (434, 434),
    "clone3": (435, 435),
    "close_range": (436, 436),
    "openat2": (437, 437),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
    "quotactl_fd": (443, 443),
    "landlock_create_ruleset": (444, 444),
    "memfd_secret": (447, 447),
    "set_mempolicy_home_node": (450, 450),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "open_tree_attr": (467, 467),
    "file_getattr": (468, 468),
    "file_setattr": (469, 469),
}


class Architecture(NamedTuple):
    """What differs between processors.

    Attributes:
        name: as uname(2) gives it.
        audit: AUDIT_ARCH_* of linux/audit.h, which a seccomp filter sees.
        numbers: system call numbers by name.
    """

    name: str
    audit: int
    numbers: Mapping[str, int]

    def call_name(self, number: int) -> str:
        """Return the name of system call `number`, or "#number" for one not in the table."""
        return next((name for name, one in self.numbers.items() if one == number), f"#{number}")


X86_64: Final = Architecture(
    "x86_64", 0xC000003E, MappingProxyType({name: pair[0] for name, pair in _NUMBERS.items()})
)
AARCH64: Final = Architecture(
    "aarch64",
    0xC00000B7,
    MappingProxyType({name: pair[1] for name, pair in _NUMBERS.items() if pair[1] is not None}),
)


def architecture_named(machine: str) -> Architecture:
    """Return the table for `machine`.

    Raises:
        Unavailable: no table of system calls exists for it.
    """
    for one in (X86_64, AARCH64):
        if one.name == machine:
            return one
    raise Unavailable(
        f"boxes need a table of system calls, and there is none for {machine}",
        advice="run Zu on x86_64 or aarch64 Linux",
    )


def this_architecture() -> Architecture:
    """Return the table for the machine that this process runs on.

    Raises:
        Unavailable: it is not supported.
    """
    machine = os.uname()
    if machine.sysname != "Linux":
        raise Unavailable(
            f"boxes need Linux, and this is {machine.sysname}",
            advice="run Zu on Linux, or in a Linux virtual machine",
        )
    return architecture_named(machine.machine)
