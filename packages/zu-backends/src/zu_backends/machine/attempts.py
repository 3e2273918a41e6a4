"""Tries, one by one, what the making of a box does; each in a process of its own.

A program: `python -I -S attempts.py UID GID DIRECTORY...`. UID and GID are what root
becomes before it tries, the directories are where zu_backends and zu_core lie. It prints a
JSON array a line: name, whether it worked, what was found, the remedy. Nothing that it
makes outlives it; it uses the standard library only.
"""

import errno
import json
import os
import sys
from collections.abc import Callable
from typing import Final, NoReturn

if __name__ == "__main__":
    sys.path += sys.argv[3:]

from zu_backends.boxes.listeners import prepare_network
from zu_backends.boxes.mechanism import needs
from zu_backends.boxes.stage import STAGE, USER
from zu_backends.kernel import libc, namespaces, seccomp
from zu_backends.kernel.filters import notify_filter
from zu_backends.kernel.syscalls import this_architecture
from zu_core.errors import Unavailable

_OWN: Final = libc.CLONE_NEWUSER | libc.CLONE_NEWNS | libc.CLONE_NEWNET


def user_namespaces() -> str:
    """Become the owner of namespaces, as the holder of a box does."""
    _own(_OWN)
    return "user, mount and network namespaces of its own"


def file_systems() -> str:
    """Mount a file system that has a size."""
    _own(_OWN)
    with needs("mounts"):
        _stage()
    return "tmpfs with a size and a number of inodes"


def proc() -> str:
    """Mount the /proc of a new pid namespace; refused where the host's is covered in part."""
    _own(_OWN | libc.CLONE_NEWPID)
    namespaces.make_mounts_private()
    pid = os.fork()
    if pid == 0:
        os._exit(_number_of(lambda: namespaces.mount_proc("/proc")))
    number = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if number:
        raise OSError(number, os.strerror(number), "mount proc on /proc")
    return "a /proc of its own"


def overlay() -> str:
    """Lay a writable directory over another one."""
    _own(_OWN)
    _stage()
    places = {name: f"{STAGE}/{name}" for name in ("low", "up", "work", "whole")}
    for path in places.values():
        os.mkdir(path)
    options = "lowerdir={low},upperdir={up},workdir={work},userxattr".format(**places)
    libc.mount("overlay", places["whole"], "overlay", 0, options)
    return "overlay file systems in a user namespace"


def network_rules() -> str:
    """Configure a network as that of a box: rules and listeners."""
    _own(_OWN)
    ipv6 = any(role.endswith("6") for role in prepare_network())
    return "redirects and TPROXY for " + ("IPv4 and IPv6" if ipv6 else "IPv4; there is no IPv6")


def seccomp_listener() -> str:
    """Install a filter whose calls are reported to a listener."""
    with needs("seccomp listener"):
        os.close(seccomp.install_listener(notify_filter(this_architecture())))
    return "calls are reported to a listener"


def landlock_version() -> str:
    """Ask for the interface of Landlock."""
    return f"ABI {libc.landlock_version()}"


ATTEMPTS: Final[dict[str, Callable[[], str]]] = {
    "user namespaces": user_namespaces,
    "file systems": file_systems,
    "proc": proc,
    "overlay": overlay,
    "nf_tables": network_rules,
    "seccomp notify": seccomp_listener,
    "landlock": landlock_version,
}


def main(arguments: list[str]) -> None:
    """Make every attempt and print what came of it."""
    ids = int(arguments[0]), int(arguments[1])
    for name, attempt in ATTEMPTS.items():
        print(json.dumps([name, *_tried(attempt, ids)]), flush=True)  # noqa: T201 - its output


def _tried(attempt: Callable[[], str], ids: tuple[int, int]) -> list[object]:
    """Run `attempt` in a process of its own, as an ordinary account."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _answer(write, attempt, ids)
    os.close(write)
    with open(read, "rb") as answers:
        said = answers.read()
    os.waitpid(pid, 0)
    found: list[object] = json.loads(said or b'[false, "its process ended", ""]')
    return found


def _answer(write: int, attempt: Callable[[], str], ids: tuple[int, int]) -> NoReturn:
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(ids[1], ids[1], ids[1])
            os.setresuid(ids[0], ids[0], ids[0])
            libc.make_dumpable()
        answer: list[object] = [True, attempt(), ""]
    except Unavailable as error:
        answer = [False, error.message, error.advice]
    except OSError as error:
        answer = [False, f"{error.filename or ''}: {error.strerror}".lstrip(": "), ""]
    except Exception as error:  # noqa: BLE001 - told to who asked; the process ends here
        answer = [None, f"the attempt failed: {error!r}", ""]
    os.write(write, json.dumps(answer).encode())
    os._exit(0)


def _own(flags: int) -> None:
    ids = os.geteuid(), os.getegid()
    with needs("user namespace"):
        libc.unshare(flags)
    with needs("id map"):
        namespaces.map_single_user(USER, *ids)


def _stage() -> None:
    namespaces.make_mounts_private()
    namespaces.mount_tmpfs(STAGE, "size=1m,nr_inodes=64,mode=0755")


def _number_of(action: Callable[[], None]) -> int:
    try:
        action()
    except OSError as error:
        return error.errno or errno.EIO
    return 0


if __name__ == "__main__":
    main(sys.argv[1:])
