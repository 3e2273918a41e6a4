"""An OSError becomes a sentence that names the mechanism and the remedy."""

import errno

import pytest

from zu_backends.boxes.mechanism import needs
from zu_core.errors import Unavailable


def test_the_mechanism_and_its_remedy_are_named():
    with pytest.raises(Unavailable) as caught, needs("user namespace"):
        raise OSError(errno.EPERM, "Operation not permitted", "unshare 0x10000000")
    assert caught.value.message == (
        "no box: user namespace can't be had: unshare 0x10000000: Operation not permitted (EPERM)"
    )
    assert "kernel.unprivileged_userns_clone" in caught.value.advice
    assert "apparmor_restrict_unprivileged_userns" in caught.value.advice


def test_other_faults_are_left_alone():
    with pytest.raises(KeyError), needs("mounts"):
        raise KeyError("a bug of ours")
