"""Fills the workspace of a box from a directory of the host, before anything runs in it."""

import os
import shutil
from pathlib import Path

from zu_core.contracts import Limits
from zu_core.errors import ConfigError


def copy_workspace(source: str, root_fd: int, owner: tuple[int, int], limits: Limits) -> None:
    """Copy the content of `source` into work/ below `root_fd`.

    Links are copied as links: what they point to is not there in the box. Sockets, devices
    and pipes are left out. Set-user-ID and set-group-ID bits are not kept.

    Raises:
        ConfigError: `source` is no directory, can't be read, or is larger than the box's
            disk; nothing runs then.
    """
    if not os.path.isdir(source):
        raise ConfigError(f"the workspace {source} is no directory", advice="name a directory")
    _check_size(source, limits)
    target = Path(f"/proc/self/fd/{root_fd}/work")
    try:
        _copy_tree(Path(source), target, owner)
    except OSError as error:
        raise ConfigError(
            f"the workspace {source} can't be copied: {error.strerror} ({error.filename})",
            advice="leave out what can't be read, or give the box more disk",
        ) from error


def _copy_tree(source: Path, target: Path, owner: tuple[int, int]) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            _copy_entry(entry, target / entry.name, owner)


def _copy_entry(entry: os.DirEntry[str], there: Path, owner: tuple[int, int]) -> None:
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), there)
    elif entry.is_dir():
        there.mkdir(mode=0o755)
        _copy_tree(Path(entry.path), there, owner)
    elif entry.is_file():
        shutil.copyfile(entry.path, there)
        there.chmod(0o755 if entry.stat().st_mode & 0o100 else 0o644)
    else:
        return
    os.chown(there, *owner, follow_symlinks=False)


def _check_size(source: str, limits: Limits) -> None:
    size = count = 0
    for directory, folders, files in os.walk(source):
        count += len(folders) + len(files)
        for name in files:
            size += os.lstat(os.path.join(directory, name)).st_size
        if size > limits.disk_bytes or count > limits.disk_inodes:
            raise ConfigError(
                f"the workspace {source} holds more than the box's disk "
                f"({limits.disk_bytes} bytes, {limits.disk_inodes} files)",
                advice="name a smaller directory, or give the box more disk",
            )
