import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.monitors.calls import (
    MAX_ARGUMENTS,
    MAX_ARGUMENTS_BYTES,
    UNREADABLE,
    decode,
    read_arguments,
    read_string,
)
from zu_core.events.box import Connected, Executed, OpenedForWrite

BASE = 0x10000


class Process:
    """A caller whose memory is `memory` at BASE; `step` bytes are read at once at most."""

    pid = 42
    parent_pid = 7

    def __init__(self, memory: bytes = b"", step: int = 4096, missing: int = 0) -> None:
        self.memory = memory
        self.step = step
        self.absent = missing
        self.looked_up: list[bytes] = []

    def read(self, address: int, length: int) -> bytes:
        start = address - BASE
        if not 0 <= start < len(self.memory):
            raise OSError(errno.EFAULT, "bad address")
        return self.memory[start : start + min(length, self.step)]

    def directory(self, descriptor: int) -> bytes | None:
        return {-100: b"/work", 5: b"/dir", 6: b"socket:[1]"}.get(descriptor)

    def missing(self, path: bytes) -> int:
        self.looked_up.append(path)
        return self.absent


def with_arguments(values: list[bytes]) -> tuple[bytes, int]:
    """Memory that holds `values` and, behind them, their pointers; and the pointers' place."""
    strings = b"".join(value + b"\0" for value in values)
    strings += b"\0" * (-len(strings) % 8)
    pointers = b""
    place = BASE
    for value in values:
        pointers += struct.pack("=Q", place)
        place += len(value) + 1
    return strings + pointers + bytes(8), BASE + len(strings)


WORDS = st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\0", b"")), max_size=80)


@given(WORDS, st.integers(1, 300))
def test_arguments_are_read_whole_up_to_the_limit(values, step):
    memory, address = with_arguments(values)
    read, truncated = read_arguments(Process(memory, step).read, address)
    assert read == tuple(v.decode("utf-8", "backslashreplace") for v in values[:MAX_ARGUMENTS])
    assert truncated == (len(values) > MAX_ARGUMENTS)


def test_the_bytes_of_arguments_are_bounded_together():
    memory, address = with_arguments([b"a" * 10_000, b"b" * 10_000, b"c"])
    read, truncated = read_arguments(Process(memory).read, address)
    assert truncated
    assert sum(map(len, read)) == MAX_ARGUMENTS_BYTES


def test_no_argument_is_not_an_unreadable_one():
    assert read_arguments(Process().read, 0) == ((), False)
    assert read_arguments(Process().read, 8) == ((UNREADABLE,), True)


@given(st.binary(max_size=400), st.integers(0, 500), st.integers(0, 500))
def test_arguments_of_any_memory_are_read_or_marked(memory, offset, step):
    read, truncated = read_arguments(Process(memory, step + 1).read, BASE + offset)
    assert len(read) <= MAX_ARGUMENTS + 1
    assert truncated or UNREADABLE not in read
    "".join(read).encode()


def test_a_string_that_runs_into_unmapped_memory_is_an_error():
    with pytest.raises(OSError, match="bad address"):
        read_string(Process(b"no end").read, BASE, 100)


def test_a_long_string_is_cut():
    assert read_string(Process(b"x" * 50).read, BASE, 10) == (b"x" * 10, True)


@pytest.mark.parametrize(
    ("name", "arguments", "path"),
    [
        ("open", (BASE, 1), "/work/rel"),
        ("creat", (BASE, 0o600), "/work/rel"),
        ("openat", (0xFFFFFF9C, BASE, 1), "/work/rel"),
        ("openat", (0xFFFFFFFF_FFFFFF9C, BASE, 1), "/work/rel"),
        ("openat", (5, BASE, 1), "/dir/rel"),
        ("openat", (9, BASE, 1), "rel"),
        ("openat", (5, BASE + 100, 1), UNREADABLE),
        ("openat", (5, BASE + 3, 1), ""),
    ],
)
def test_opened_paths_are_joined_with_their_directory(name, arguments, path):
    asked = decode(name, arguments, Process(b"rel\0"))
    assert asked.effect == OpenedForWrite(path=path, pid=42)
    assert asked.missing == 0


@pytest.mark.parametrize(
    ("memory", "descriptor", "flags", "path", "looked_up"),
    [
        (b"/bin/x\0", -100, 0, "/bin/x", [b"/bin/x"]),
        (b"x\0", -100, 0, "/work/x", [b"/work/x"]),
        (b"x\0", 6, 0, "socket:[1]/x", []),
        (b"x\0", 9, 0, "x", []),
        (b"\0", 5, 0x1000, "/dir", []),
        (b"\0", 5, 0, "", []),
        (b"/" + b"x" * 5000, 5, 0, "/" + "x" * 4095, []),
    ],
)
def test_only_whole_absolute_paths_are_looked_up(memory, descriptor, flags, path, looked_up):
    process = Process(memory, missing=errno.ENOENT)
    asked = decode("execveat", (descriptor & 0xFFFFFFFF, BASE, 0, 0, flags, 0), process)
    assert isinstance(asked.effect, Executed)
    assert asked.effect.path == path
    assert process.looked_up == looked_up
    assert asked.effect.found == (not looked_up)
    assert asked.missing == (errno.ENOENT if looked_up else 0)
    assert asked.effect.truncated == (len(memory) > 4096)


def test_an_exec_says_who_made_it():
    memory, address = with_arguments([b"/bin/x", b"-v"])
    asked = decode("execve", (BASE, address, 0, 0, 0, 0), Process(memory))
    assert asked.effect == Executed(path="/bin/x", argv=("/bin/x", "-v"), pid=42, parent_pid=7)


@pytest.mark.parametrize(
    ("length", "shown"),
    [(16, "inet 1.2.3.4:53"), (2**31, "unspec "), (0, "unspec "), (4096, "inet 1.2.3.4:53")],
)
def test_a_connect_reads_no_more_than_the_kernel_would(length, shown):
    memory = struct.pack("=H", 2) + b"\0\x35\1\2\3\4" + bytes(300)
    asked = decode("connect", (3, BASE, length, 0, 0, 0), Process(memory))
    assert isinstance(asked.effect, Connected)
    assert f"{asked.effect.family} {asked.effect.address}" == shown


def test_an_unknown_call_is_an_error():
    with pytest.raises(ValueError, match="nobody reads"):
        decode("getpid", (), Process())
