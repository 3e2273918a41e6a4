"""User and mount namespaces: id maps and propagation; user_namespaces(7), mount_namespaces(7)."""

from zu_backends.kernel import libc


def map_single_user(inside: int, outside_uid: int, outside_gid: int) -> None:
    """Map one uid and one gid into this process's new user namespace.

    The process must still have `outside_uid` and `outside_gid` as effective ids and
    /proc/self must be its own (`libc.make_dumpable`). setgroups(2) is given up, as the
    kernel asks of a process without privileges outside.
    """
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{inside} {outside_uid} 1")
    _write("/proc/self/gid_map", f"{inside} {outside_gid} 1")


def make_mounts_private() -> None:
    """Cut this mount namespace off: no mount or unmount travels in or out."""
    libc.mount(None, "/", None, libc.MS_REC | libc.MS_PRIVATE)


def bind(source: str, target: str) -> None:
    """Bind `source` with all mounts below it on `target`."""
    libc.mount(source, target, None, libc.MS_BIND | libc.MS_REC)


def mount_tmpfs(target: str, options: str) -> None:
    """Mount a tmpfs without devices and setuid files; `options` as in tmpfs(5)."""
    libc.mount("tmpfs", target, "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, options)


def mount_proc(target: str) -> None:
    """Mount the /proc of this process's pid namespace; see proc(5)."""
    libc.mount("proc", target, "proc", libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC)


def mount_terminals(target: str) -> None:
    """Mount pseudo-terminals of its own; see Documentation/filesystems/devpts.rst."""
    flags = libc.MS_NOSUID | libc.MS_NOEXEC
    libc.mount("devpts", target, "devpts", flags, "newinstance,ptmxmode=0666,mode=620")


def _write(path: str, text: str) -> None:
    with open(path, "wb", buffering=0) as file:
        file.write(text.encode("ascii"))
