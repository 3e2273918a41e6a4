"""The filters, run by an interpreter of BPF for every call of both architectures."""

import errno
import os
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.kernel import filters
from zu_backends.kernel.filters import ALLOW, KILL_PROCESS, NOTIFY, deny_filter, fail, notify_filter
from zu_backends.kernel.syscalls import AARCH64, NEWEST_REVIEWED, X32_BIT, X86_64

MACHINES = (X86_64, AARCH64)
BOTH = pytest.mark.parametrize("machine", MACHINES, ids=lambda one: one.name)
EPERM, ENOSYS = fail(errno.EPERM), fail(errno.ENOSYS)
CHECKED = {"clone", "unshare", "socket", "ioctl", "personality", "prctl"}


def run(program, number, arguments=(), audit=None):
    """Interpret `program` as the kernel does; return its action."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", number, audit or 0, 0, *(one & (1 << 64) - 1 for one in padded))
    accumulator, place = 0, 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, 8 * place)
        place += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return value
        else:
            test = {0x15: accumulator == value, 0x25: accumulator > value}
            test[0x45] = bool(accumulator & value)
            place += if_true if test[code] else if_false


def deny(machine, name, *arguments):
    return run(deny_filter(machine), machine.numbers[name], arguments, machine.audit)


def notify(machine, name, *arguments):
    return run(notify_filter(machine), machine.numbers[name], arguments, machine.audit)


@BOTH
def test_every_call_of_the_table_gets_what_the_lists_say(machine):
    for name in set(machine.numbers) - CHECKED:
        wanted = ALLOW
        if name in filters.REFUSED:
            wanted = EPERM
        elif name in filters.UNKNOWN:
            wanted = ENOSYS
        assert deny(machine, name) == wanted, name


@BOTH
def test_the_lists_name_calls_that_exist(machine):
    for name in (*filters.REFUSED, *filters.UNKNOWN, *filters.NOTIFIED):
        assert name in X86_64.numbers
    assert set(filters.UNKNOWN) <= set(machine.numbers)
    assert not set(filters.REFUSED) & set(filters.UNKNOWN)


@BOTH
def test_notified_calls(machine):
    for name in set(machine.numbers) - {"openat", "open", "openat2"}:
        wanted = NOTIFY if name in ("execve", "execveat", "connect", "creat") else ALLOW
        assert notify(machine, name) == wanted, name
    assert notify(machine, "openat2") == ENOSYS


@BOTH
@given(flags=st.integers(0, (1 << 32) - 1))
def test_opening_is_notified_exactly_when_it_can_write(machine, flags):
    writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    assert notify(machine, "openat", 3, 4096, flags) == (NOTIFY if writes else ALLOW)
    if "open" in machine.numbers:
        assert notify(machine, "open", 4096, flags) == (NOTIFY if writes else ALLOW)


@BOTH
@given(number=st.integers(0, (1 << 32) - 1))
def test_other_abis_are_killed_and_unreviewed_numbers_refused(machine, number):
    for program in (deny_filter(machine), notify_filter(machine)):
        for audit in (0x40000003, *(one.audit for one in MACHINES if one is not machine)):
            assert run(program, number, (), audit) == KILL_PROCESS
    if number > NEWEST_REVIEWED:
        assert run(deny_filter(machine), number, (), machine.audit) == ENOSYS
    if number >= X32_BIT:
        assert run(notify_filter(machine), number, (), machine.audit) == ENOSYS


def test_no_call_of_x32_gets_through():
    for number in X86_64.numbers.values():
        assert run(deny_filter(X86_64), number | X32_BIT, (), X86_64.audit) == ENOSYS


@BOTH
@given(family=st.integers(0, 60), kind=st.integers(0, 15), protocol=st.integers(0, 300))
def test_sockets(machine, family, kind, protocol):
    got = deny(machine, "socket", family, kind | socket.SOCK_CLOEXEC, protocol)
    if family == socket.AF_UNIX:
        assert got == ALLOW
    elif family not in (socket.AF_INET, socket.AF_INET6):
        assert got == fail(errno.EAFNOSUPPORT)
    elif kind not in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        assert got == EPERM
    else:
        assert got == (ALLOW if protocol in (0, 6, 17, 262) else fail(errno.EPROTONOSUPPORT))


NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)


@BOTH
@pytest.mark.parametrize("flag", NAMESPACES)
def test_no_namespace_by_clone_or_unshare(machine, flag):
    assert deny(machine, "clone", flag | 17) == EPERM
    assert deny(machine, "unshare", flag) == EPERM


@BOTH
def test_forks_threads_and_harmless_unshares_go_on(machine):
    thread = 0x3D0F00
    assert deny(machine, "clone", 17) == ALLOW
    assert deny(machine, "clone", thread) == ALLOW
    assert deny(machine, "unshare", 0x400) == ALLOW
    assert deny(machine, "unshare", 0x80) == EPERM
    assert deny(machine, "clone3") == ENOSYS


@BOTH
def test_calls_judged_by_one_argument(machine):
    for request in (0x5412, 0x541C, 0x5423):
        assert deny(machine, "ioctl", 0, request) == EPERM
        assert deny(machine, "ioctl", 0, request | 1 << 32) == EPERM
    assert deny(machine, "ioctl", 0, 0x5401) == ALLOW
    assert deny(machine, "personality", 0) == ALLOW
    assert deny(machine, "personality", 0xFFFFFFFF) == ALLOW
    assert deny(machine, "personality", 0x40000) == EPERM
    assert deny(machine, "prctl", 4, 0) == fail(0)
    assert deny(machine, "prctl", 15, 4096) == ALLOW
