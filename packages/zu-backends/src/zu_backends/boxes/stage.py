"""The staging directory: where a box's mounts are prepared, in the holder's mount namespace.

It is a tmpfs on /tmp, which bubblewrap needs as well. A privileged helper fills it before
it gives its privileges up, so sources below a private directory (mode 0700) can be bound.

    /tmp/etc       the box's /etc: made-up accounts and names, and a little of the host's
    /tmp/dev       the box's /dev: six devices of the host, and terminals of its own
    /tmp/bwrap     the program bwrap, where it is not the system's own
    /tmp/mounts/N  mount N of the box
    /tmp/files     the only writable tmpfs: home, work, tmp, shm
"""

import os
import stat
from typing import Final

from zu_backends.boxes.wire import OpenBox
from zu_backends.kernel import libc, namespaces

STAGE: Final = "/tmp"  # noqa: S108 - covered by a tmpfs of the holder's own
ETC: Final = "etc"
DEV: Final = "dev"
FILES: Final = "files"
USER: Final = 1000
WRITABLE: Final = (("home", 0o755), ("work", 0o755), ("tmp", 0o1777), ("shm", 0o1777))

# As bubblewrap's --dev has them; made here, where no system call waits for a monitor.
_DEVICES: Final = ("null", "zero", "full", "random", "urandom", "tty")
_DEV_LINKS: Final = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "core": "/proc/kcore",
    "ptmx": "pts/ptmx",
}

_ETC_FILES: Final = {
    "passwd": "root:x:0:0:root:/:/usr/sbin/nologin\n"
    f"tool:x:{USER}:{USER}:tool:/home/tool:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": f"root:x:0:\ntool:x:{USER}:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost box\n::1 localhost\n",
    "hostname": "box\n",
    "resolv.conf": "nameserver 127.0.0.1\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}

# What programs read of the host's /etc: how to load libraries, whom TLS may trust, the
# names of alternatives, time zone and distribution. Missing ones are left out.
_ETC_OF_HOST: Final = (
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "ssl/certs",
    "ssl/cert.pem",
    "ssl/openssl.cnf",
    "ca-certificates",
    "pki/tls/certs",
    "pki/tls/cert.pem",
    "pki/tls/openssl.cnf",
    "pki/ca-trust/extracted",
    "crypto-policies",
    "alternatives",
    "localtime",
    "timezone",
    "os-release",
    "mime.types",
)


def build(box: OpenBox, owner: tuple[int, int] | None) -> int:
    """Fill the staging directory; return a descriptor of the writable tmpfs.

    `owner` is who the writable directories belong to, where that is not this process.

    Raises:
        OSError: a mount or a source failed.
    """
    namespaces.make_mounts_private()
    # bwrap looks its child up in /proc by the pid of its own pid namespace.
    namespaces.mount_proc("/proc")
    sources = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in box.sources]
    namespaces.mount_tmpfs(STAGE, "size=1m,nr_inodes=4096,mode=0755")
    for name in (ETC, DEV, FILES, "mounts"):
        os.mkdir(f"{STAGE}/{name}", 0o755)
    files = _mount_files(box, owner)
    _fill_etc()
    _fill_dev()
    for placeholder in box.placeholders:
        _make_place(f"{STAGE}/{placeholder}", placeholder.endswith("/"), owner)
    for source, target in zip(sources, box.targets, strict=True):
        _bind(source, f"{STAGE}/{target}")
        os.close(source)
    return files


def _mount_files(box: OpenBox, owner: tuple[int, int] | None) -> int:
    path = f"{STAGE}/{FILES}"
    options = f"size={box.disk_bytes},nr_inodes={box.disk_inodes},mode=0755"
    if owner:
        options += f",uid={owner[0]},gid={owner[1]}"
    namespaces.mount_tmpfs(path, options)
    for name, mode in WRITABLE:
        os.mkdir(f"{path}/{name}")
        os.chmod(f"{path}/{name}", mode)
        if owner:
            os.chown(f"{path}/{name}", *owner)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _fill_etc() -> None:
    for name, text in _ETC_FILES.items():
        fd = os.open(f"{STAGE}/{ETC}/{name}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        os.write(fd, text.encode("ascii"))
        os.close(fd)
    for name in _ETC_OF_HOST:
        path, target = f"/etc/{name}", f"{STAGE}/{ETC}/{name}"
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            continue
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        if stat.S_ISLNK(mode):
            os.symlink(os.readlink(path), target)
        else:
            _make_place(target, stat.S_ISDIR(mode), None)
            namespaces.bind(path, target)


def _fill_dev() -> None:
    path = f"{STAGE}/{DEV}"
    for name in _DEVICES:
        _make_place(f"{path}/{name}", False, None)
        namespaces.bind(f"/dev/{name}", f"{path}/{name}")
    for name, target in _DEV_LINKS.items():
        os.symlink(target, f"{path}/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"{path}/{name}", 0o755)
    namespaces.mount_terminals(f"{path}/pts")


def _bind(source: int, target: str) -> None:
    _make_place(target, stat.S_ISDIR(os.fstat(source).st_mode), None)
    libc.mount(f"/proc/self/fd/{source}", target, None, libc.MS_BIND | libc.MS_REC)


def _make_place(path: str, directory: bool, owner: tuple[int, int] | None) -> None:
    """Create a mount point, and the directories above it, unless it exists."""
    path = path.rstrip("/")
    if os.path.lexists(path):
        return
    _make_place(os.path.dirname(path), True, owner)
    if directory:
        os.mkdir(path, 0o755)
    else:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    if owner:
        os.chown(path, *owner)
