"""What a box may use. Every number has its unit in its name and its reason beside it."""

from math import inf

import msgspec

_MIB = 1 << 20


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Resource limits of one box.

    Attributes:
        wall_seconds: life of one program; a gate run starts at most a few. None: it may
            live for ever, as a server in daily use does.
        memory_bytes: resident memory of all processes together, sampled.
        data_bytes: RLIMIT_DATA of each process. Not RLIMIT_AS: Node and the JVM reserve
            terabytes that they never touch.
        processes: RLIMIT_NPROC inside the box's user namespace; threads count.
        cpu_seconds: RLIMIT_CPU of each process; None: no bound.
        open_files: RLIMIT_NOFILE.
        file_bytes: RLIMIT_FSIZE, also bounds memfd and shared memory.
        disk_bytes: size of the tmpfs that holds home, workspace, /tmp and /dev/shm.
        disk_inodes: inodes of that tmpfs.
        output_bytes: what the harness reads from stdout and stderr before it stops the
            program.
    """

    wall_seconds: float | None = 300.0
    memory_bytes: int = 1024 * _MIB
    data_bytes: int = 1024 * _MIB
    processes: int = 128
    cpu_seconds: int | None = 120
    open_files: int = 512
    file_bytes: int = 64 * _MIB
    disk_bytes: int = 128 * _MIB
    disk_inodes: int = 16384
    output_bytes: int = 64 * _MIB

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and not 0 < value < inf:
                raise ValueError(f"limit {name} must be positive and finite")
