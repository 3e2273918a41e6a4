"""What the figures were taken on."""

import os
import platform

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes: `load` is the number of processes that wanted a core in the last minute."""

    cores: int
    kernel: str
    architecture: str
    python: str
    load: float
    root: bool


def this_machine() -> Machine:
    """Describe the machine that this runs on."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        kernel=platform.release(),
        architecture=platform.machine(),
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 1),
        root=os.geteuid() == 0,
    )
