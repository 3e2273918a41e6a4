"""Whose directories a box may write, and as whom. Nothing of the user's is ever chowned."""

import contextlib
import os
import pwd
from collections.abc import Sequence
from pathlib import Path

from zu_backends.boxes.plan import JailSpec
from zu_core.errors import ConfigError

SERVICE = JailSpec()
_WORLD_WRITABLE = 0o003
_WORLD_READABLE = 0o005


def account_for(writable: Sequence[Path], readable: Sequence[Path]) -> tuple[int, int] | None:
    """Return uid and gid that the box's programs get on this host; None: what they are given.

    An ordinary user's box has that user's ids. A box of root gets the ids of who owns the
    directories that it may write, where that is not root.

    Raises:
        ConfigError: a directory can't be read or written under any such ids.
    """
    if os.geteuid() != 0:
        for path in writable:
            if not os.access(path, os.W_OK | os.X_OK):
                raise _not_writable(path, "you can't write it")
        return None
    account = _owner(writable)
    uid, gid = account or (SERVICE.uid, SERVICE.gid)
    for path in writable:
        if not _allows(path, uid, gid, 3):
            raise _not_writable(path, f"its owner (uid {uid}) can't write it")
    for path in readable:
        if not _allows(path, uid, gid, 5 if path.is_dir() else 4):
            raise ConfigError(
                f"--read {path}: programs in the box (uid {uid}) can't read it",
                advice="run zu guard as its owner, or make it readable for others (chmod o+rX)",
            )
    return account


def _owner(writable: Sequence[Path]) -> tuple[int, int] | None:
    owners = {}
    for path in writable:
        found = path.stat()
        if found.st_uid:
            owners[found.st_uid] = found.st_gid
        elif found.st_mode & _WORLD_WRITABLE != _WORLD_WRITABLE:
            raise _not_writable(path, "it belongs to root, and no box runs as root")
    if len(owners) > 1:
        raise ConfigError(
            "the directories after --write belong to different accounts",
            advice="name those of one account; a box runs as one",
        )
    for uid, gid in owners.items():
        return uid, _primary_group(uid, gid)
    return None


def _primary_group(uid: int, gid: int) -> int:
    with contextlib.suppress(KeyError):
        gid = pwd.getpwuid(uid).pw_gid
    return gid or SERVICE.gid


def _allows(path: Path, uid: int, gid: int, wanted: int) -> bool:
    """Whether the mode bits of `path` allow `wanted` (of rwx) to these ids; path_resolution(7)."""
    found = path.stat()
    shift = 6 if found.st_uid == uid else 3 if found.st_gid == gid else 0
    return (found.st_mode >> shift) & wanted == wanted


def _not_writable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"--write {path}: {why}",
        advice="run zu guard as the ordinary user who owns the directory",
    )
