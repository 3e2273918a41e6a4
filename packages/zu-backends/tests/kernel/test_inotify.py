import os
import select
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.kernel.inotify import Inotify, InotifyEvent, Mask, parse_events


@pytest.fixture
def inotify():
    one = Inotify()
    yield one
    one.close()


def test_the_inode_is_watched_and_not_the_name(inotify, tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    fd = os.open(path, os.O_PATH)
    watch = inotify.watch(fd, Mask.OPEN | Mask.MOVE_SELF)
    os.close(fd)
    path.rename(tmp_path / "moved")
    path.write_text("another file")
    (tmp_path / "moved").read_text()
    assert select.select([inotify.fileno()], [], [], 5)[0]
    assert inotify.read() == (
        InotifyEvent(watch, Mask.MOVE_SELF),
        InotifyEvent(watch, Mask.OPEN),
    )
    assert inotify.read() == ()


def test_a_watch_on_nothing_is_an_error(inotify):
    with pytest.raises(OSError, match="No such file"):
        inotify.watch(1 << 20, Mask.OPEN)


def test_closing_twice_is_closing_once(inotify):
    inotify.close()
    inotify.close()


@given(st.lists(st.tuples(st.integers(-1, 99), st.sampled_from(Mask), st.integers(0, 64))))
def test_events_are_split_whatever_names_follow_them(events):
    raw = b"".join(
        struct.pack("=iIII", watch, mask, 0, length) + b"n" * length
        for watch, mask, length in events
    )
    assert parse_events(raw) == tuple(InotifyEvent(w, m) for w, m, _ in events)
