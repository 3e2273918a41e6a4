"""The attempts, on this machine and on one where they fail."""

import errno
import os
from pathlib import Path

import pytest

from zu_backends.boxes.plan import JailSpec
from zu_backends.machine import attempts
from zu_core.errors import Unavailable

SPEC = JailSpec()
IDS = (SPEC.uid, SPEC.gid)
PROTECTIONS = sorted(set(attempts.ATTEMPTS) - {"overlay", "landlock"})


def own_mounts():
    """Mounts where attempts make theirs; others of this machine come and go."""
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return sorted(one for one in places if one in ("/tmp", "/proc"))


@pytest.mark.parametrize("name", PROTECTIONS)
def test_what_boxes_rest_on_is_found_on_a_machine_that_runs_them(name):
    before = own_mounts()
    worked, found, remedy = attempts._tried(attempts.ATTEMPTS[name], IDS)
    assert (worked, remedy) == (True, ""), found
    assert found
    assert own_mounts() == before


def test_an_attempt_that_fails_tells_why_and_one_that_breaks_is_unknown():
    def refused():
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), "unshare 0x10000000")

    def missing():
        raise Unavailable("no box: it can't be had", advice="get it")

    def broken():
        raise ZeroDivisionError

    assert attempts._tried(refused, IDS) == [
        False,
        "unshare 0x10000000: Operation not permitted",
        "",
    ]
    assert attempts._tried(missing, IDS) == [False, "no box: it can't be had", "get it"]
    assert attempts._tried(broken, IDS)[0] is None
    assert attempts._tried(lambda: os._exit(1), IDS)[0] is False


def test_root_is_given_up_before_anything_is_tried():
    _, found, _ = attempts._tried(lambda: f"{os.getuid()} {os.getgid()}", IDS)
    expected = IDS if os.geteuid() == 0 else (os.getuid(), os.getgid())
    assert found == "{} {}".format(*expected)
