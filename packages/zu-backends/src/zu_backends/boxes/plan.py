"""What a box is, as the options of bubblewrap; pure. See bwrap(1) for each of them."""

import posixpath
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from zu_backends.boxes.stage import DEV, ETC, FILES, STAGE, USER
from zu_core.contracts import Limits, Mount
from zu_core.errors import ConfigError

HOME: Final = "/home/tool"
WORKSPACE: Final = "/workspace"

# Directory in the box, and its place in the writable tmpfs.
WRITABLE: Final = ((HOME, "home"), (WORKSPACE, "work"), ("/tmp", "tmp"), ("/dev/shm", "shm"))  # noqa: S108

# The box's own processes beside those of the tool: the holder, bwrap, and its init.
OWN_PROCESSES: Final = 3

_NOT_MOUNTABLE: Final = ("/proc", "/sys", "/dev")
_SHARED: Final = "/ /etc /home /root /run /var /tmp /mnt /media /srv /boot /opt"

# Directories that hold what belongs to many; no box sees one as a whole.
SHARED_DIRECTORIES: Final = frozenset(_SHARED.split())


class JailSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a jail is made from.

    Attributes:
        mounts: host paths that are visible at the same path.
        limits: what its programs may use.
        uid, gid: what a harness that runs as root becomes in the box: an account that
            owns nothing. Between systemd's ranges for users and for dynamic services.
    """

    mounts: tuple[Mount, ...] = ()
    limits: Limits = Limits()
    uid: int = 60_999
    gid: int = 60_999


class HostRoot(msgspec.Struct, frozen=True, kw_only=True):
    """How the host's root directory reaches its programs and libraries.

    Attributes:
        symlinks: name in / and target, e.g. ("bin", "usr/bin").
        directories: names in / that are directories, on systems without a merged /usr.
    """

    symlinks: tuple[tuple[str, str], ...] = ()
    directories: tuple[str, ...] = ()


def rlimits(limits: Limits) -> tuple[tuple[str, int], ...]:
    """Return name (without "RLIMIT_") and value of what every process in the box gets."""
    cpu = () if limits.cpu_seconds is None else (("CPU", limits.cpu_seconds),)
    return (
        ("CORE", 0),
        ("MSGQUEUE", 0),
        *cpu,
        ("FSIZE", limits.file_bytes),
        ("NPROC", limits.processes + OWN_PROCESSES),
        ("NOFILE", limits.open_files),
        ("DATA", limits.data_bytes),
    )


def root_entries(host: HostRoot, mounts: Sequence[Mount] = ()) -> tuple[str, ...]:
    """Return the names that stand in the box's root directory."""
    names = {"usr", "etc", "proc", "dev", "tmp", "home", "workspace", *host.directories}
    names.update(name for name, _target in host.symlinks)
    names.update(mount.path.split("/")[1] for mount in mounts)
    return tuple(sorted(names))


def needed_mounts(mounts: Sequence[Mount], host: HostRoot) -> tuple[Mount, ...]:
    """Return `mounts` without those that another one, or the box itself, makes visible.

    What is read-only within what is writable stays read-only, and the reverse. Of two that
    have the same path, the writable one counts. Sorted: each comes after those around it.

    Raises:
        ConfigError: a path is not absolute, or shows too much of the host.
    """
    present = {f"/{name}": False for name in ("usr", *host.directories)}
    present |= {f"/{name}": False for name, _target in host.symlinks}
    needed: list[Mount] = []
    for mount in sorted(mounts, key=lambda one: (one.path, not one.writable)):
        _check_mount(mount)
        around = [one for one in present if is_below(mount.path, one)]
        if mount.path in present or (around and present[max(around, key=len)] == mount.writable):
            continue
        present[mount.path] = mount.writable
        needed.append(mount)
    return tuple(needed)


def is_below(path: str, directory: str) -> bool:
    """Whether `path` is `directory` or lies in it; both normal and absolute."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def staged_places(paths: Sequence[str]) -> tuple[str, ...]:
    """Return where each mount is staged: mounts in /etc in the staged /etc, others apart."""
    return tuple(
        ETC + path.removeprefix("/etc") if is_below(path, "/etc") else f"mounts/{number}"
        for number, path in enumerate(paths)
    )


def placeholders(paths: Sequence[tuple[str, bool]]) -> tuple[str, ...]:
    """Return the mount points that lie in writable directories, relative to the stage.

    They are made before the box starts, so that they are no change that the tool made.
    The flag says whether the path is a directory.
    """
    found = []
    for path, is_directory in paths:
        for directory, place in WRITABLE:
            if is_below(path, directory):
                below = path.removeprefix(directory) + ("/" if is_directory else "")
                found.append(f"{FILES}/{place}{below}")
    return tuple(found)


def bwrap_options(
    host: HostRoot,
    mounts: Sequence[str],
    environment: Mapping[str, str],
    cwd: str,
    seccomp_fd: int,
    *,
    writable: Collection[str] = (),
) -> list[str]:
    """Return the options for one program; `mounts` are the paths of the box's mounts.

    The network namespace is the holder's, therefore no --unshare-net. Those of `mounts`
    that are in `writable` are bound as they are, without devices and setuid files, as
    bubblewrap binds everything.
    """
    options = [
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--disable-userns", "--die-with-parent", "--new-session"),
        *("--uid", str(USER), "--gid", str(USER), "--hostname", "box"),
        *("--cap-drop", "ALL", "--seccomp", str(seccomp_fd)),
        *("--ro-bind", "/usr", "/usr"),
    ]
    for name in host.directories:
        options += ["--ro-bind", f"/{name}", f"/{name}"]
    for name, target in host.symlinks:
        options += ["--symlink", target, f"/{name}"]
    options += ["--ro-bind", f"{STAGE}/{ETC}", "/etc", "--proc", "/proc"]
    options += ["--dev-bind", f"{STAGE}/{DEV}", "/dev"]
    # The list of keys shows those of the same account, whatever the namespace; proc(5).
    options += ["--ro-bind-try", "/dev/null", "/proc/keys"]
    for directory, place in WRITABLE:
        options += ["--bind", f"{STAGE}/{FILES}/{place}", directory]
    for path, place in zip(mounts, staged_places(mounts), strict=True):
        if not is_below(path, "/etc"):
            kind = "--bind" if path in writable else "--ro-bind"
            options += [kind, f"{STAGE}/{place}", path]
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", cwd]
    for name, value in environment.items():
        options += ["--setenv", name, value]
    return options


def _check_mount(mount: Mount) -> None:
    path = mount.path
    normal = path.startswith("/") and not path.startswith("//")
    if not normal or posixpath.normpath(path) != path:
        raise ConfigError(
            f"{path!r} is not an absolute path in its shortest form",
            advice="write the path from / on, without `.`, `..` and doubled slashes",
        )
    if path in (*SHARED_DIRECTORIES, HOME, WORKSPACE) or any(
        is_below(path, one) for one in _NOT_MOUNTABLE
    ):
        raise ConfigError(
            f"the box must not see {path}",
            advice="name the file or the project directory that the tool needs",
        )
    if mount.writable and is_below(path, "/etc"):
        raise ConfigError(
            f"no box may write {path}",
            advice="copy what the tool needs into a directory of its own",
        )
