import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.monitors.procfs import (
    ProcessStatus,
    parse_children,
    parse_rollup,
    parse_status,
)

STATUS = """Name:\tbash
Umask:\t0022
State:\tS (sleeping)
Tgid:\t17248
Pid:\t17250
PPid:\t17200
Uid:\t1000\t1001\t1002\t1003
VmRSS:\t    9000 kB
RssAnon:\t    3864 kB
RssFile:\t    5000 kB
RssShmem:\t     136 kB
VmSwap:\t      10 kB
"""


def test_status_gives_the_process_its_parent_and_what_it_holds():
    assert parse_status(STATUS.encode()) == ProcessStatus(
        tgid=17248, parent_pid=17200, uid=1003, state="S", private_bytes=(3864 + 136 + 10) * 1024
    )


def test_a_zombie_holds_nothing():
    text = b"Name:\tx\nState:\tZ (zombie)\nTgid:\t5\nPid:\t5\nPPid:\t1\nUid:\t7\t7\t7\t7\n"
    assert parse_status(text) == ProcessStatus(
        tgid=5, parent_pid=1, uid=7, state="Z", private_bytes=0
    )


@pytest.mark.parametrize("line", ["State", "Tgid", "PPid", "Uid"])
def test_status_without_a_field_is_an_error(line):
    kept = "".join(one for one in STATUS.splitlines(True) if not one.startswith(line + ":"))
    with pytest.raises(ValueError, match=line):
        parse_status(kept.encode())


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), max_size=15))
def test_a_name_forges_no_field(name):
    # The kernel writes "\n" in a name as two characters, so it stays on the first line.
    text = STATUS.replace("bash", name + "\\nTgid:\t1")
    assert parse_status(text.encode()).tgid == 17248


@given(st.binary(max_size=300))
def test_status_of_any_bytes_is_a_value_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        parse_status(text)


def test_our_own_status_is_understood():
    with open("/proc/self/status", "rb") as file:
        status = parse_status(file.read())
    assert (status.tgid, status.parent_pid, status.uid) == (os.getpid(), os.getppid(), os.getuid())
    assert status.private_bytes > 100_000


def test_rollup_counts_anonymous_shared_and_swapped_pages():
    text = b"""55d0-7ffc ---p 00000000 00:00 0    [rollup]
Rss:                9000 kB
Pss:                5000 kB
Pss_Dirty:          1000 kB
Pss_Anon:           1000 kB
Pss_File:           4000 kB
Pss_Shmem:            20 kB
SwapPss:               3 kB
"""
    assert parse_rollup(text) == 1023 * 1024


def test_rollup_of_an_old_kernel_is_an_error():
    with pytest.raises(ValueError, match="Pss_Anon"):
        parse_rollup(b"x\nRss: 1 kB\nPss: 1 kB\n")


def test_our_own_rollup_is_understood():
    with open("/proc/self/smaps_rollup", "rb") as file:
        assert parse_rollup(file.read()) > 100_000


@given(st.lists(st.integers(1, 2**22)))
def test_children_are_numbers(pids):
    assert parse_children("".join(f"{pid} " for pid in pids).encode()) == tuple(pids)
