"""Reading another process's memory: up to what is mapped, never beyond."""

import ctypes
import mmap
import os

import pytest

from zu_backends.kernel.memory import read_bytes, read_cstring

SELF = os.getpid()


@pytest.fixture
def page_before_a_hole():
    """Address of a mapped page that is followed by one without access."""
    libc = ctypes.CDLL(None, use_errno=True)
    area = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    assert libc.mprotect(ctypes.c_void_p(address + mmap.PAGESIZE), mmap.PAGESIZE, 0) == 0
    yield address
    libc.mprotect(ctypes.c_void_p(address + mmap.PAGESIZE), mmap.PAGESIZE, 3)


def write_at_end(page, data):
    address = page + mmap.PAGESIZE - len(data)
    ctypes.memmove(address, data, len(data))
    return address


def test_bytes_over_several_pages():
    data = os.urandom(20000)
    buffer = ctypes.create_string_buffer(data, len(data))
    assert read_bytes(SELF, ctypes.addressof(buffer), len(data)) == data


def test_bytes_end_where_memory_ends(page_before_a_hole):
    address = write_at_end(page_before_a_hole, b"the end")
    assert read_bytes(SELF, address, 100) == b"the end"


def test_a_string_at_the_end_of_memory(page_before_a_hole):
    address = write_at_end(page_before_a_hole, b"/bin/true\0")
    assert read_cstring(SELF, address) == (b"/bin/true", False)


def test_a_string_without_end_is_an_error(page_before_a_hole):
    with pytest.raises(OSError, match="process_vm_readv"):
        read_cstring(SELF, write_at_end(page_before_a_hole, b"no end"))


@pytest.mark.parametrize("length", [0, 1, 255, 256, 257, 999, 1000, 1001, 5000])
def test_a_long_string_is_cut(length):
    buffer = ctypes.create_string_buffer(b"x" * length)
    text = read_cstring(SELF, ctypes.addressof(buffer), 1000)
    assert text == (b"x" * min(length, 1000), length > 1000)


def test_nothing_to_read_is_an_error():
    with pytest.raises(OSError, match="Bad address"):
        read_bytes(SELF, 8, 10)
    with pytest.raises(ProcessLookupError):
        read_bytes(2**22 + 5, 4096, 1)
