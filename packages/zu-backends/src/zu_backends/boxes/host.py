"""Facts of this host that a box's plan is made from, read once."""

import os
import stat
from collections.abc import Sequence
from typing import Final

from zu_backends.boxes.plan import HostRoot
from zu_core.contracts import Mount
from zu_core.errors import ConfigError

_PROGRAM_DIRECTORIES: Final = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")


def read_host_root(root: str = "/") -> HostRoot:
    """Return how the host's root directory reaches programs and libraries."""
    symlinks, directories = [], []
    for name in _PROGRAM_DIRECTORIES:
        path = os.path.join(root, name)
        if os.path.islink(path):
            symlinks.append((name, os.readlink(path)))
        elif os.path.isdir(path):
            directories.append(name)
    return HostRoot(symlinks=tuple(symlinks), directories=tuple(directories))


def check_sources(mounts: Sequence[Mount]) -> tuple[tuple[str, bool], ...]:
    """Return path and whether it is a directory for each of `mounts`.

    Raises:
        ConfigError: a path does not exist, or is neither file nor directory: a socket in
            a box would lead to whatever listens on the host.
    """
    found = []
    for mount in mounts:
        try:
            mode = os.stat(mount.path).st_mode
        except OSError as error:
            raise ConfigError(
                f"the box can't have {mount.path}: {error.strerror}",
                advice=f"check the path; it was asked for as: {mount.reason}",
            ) from error
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise ConfigError(
                f"{mount.path} is neither a file nor a directory",
                advice="sockets, pipes and devices of the host are not for boxes",
            )
        found.append((mount.path, stat.S_ISDIR(mode)))
    return tuple(found)
