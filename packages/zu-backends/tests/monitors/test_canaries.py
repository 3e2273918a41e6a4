import asyncio
import os
import stat

import pytest

from zu_backends.kernel.inotify import Inotify, InotifyEvent, Mask
from zu_backends.monitors.canaries import CanaryMonitor, plant
from zu_core.contracts.box import Canary
from zu_core.errors import Unavailable

AWS = Canary(name="aws", path=".aws/credentials", content="key = ä\r\n", secrets=("key",))
NETRC = Canary(name="netrc", path=".netrc", content="x", secrets=("x",))
VARIABLE = Canary(name="variable", path="", content="v", secrets=("v",), variable="V")
ALL = (AWS, NETRC, VARIABLE)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path


@pytest.fixture
def root_fd(root):
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


class Touches(list):
    def __init__(self, root_fd, canaries=ALL):
        self.monitor = CanaryMonitor(root_fd, canaries, self.append)

    def seen(self):
        self.monitor.drain()
        seen = [(fact.name, fact.access) for fact in self]
        self.clear()
        return seen


@pytest.fixture
def touches(root_fd):
    plant(root_fd, ALL)
    one = Touches(root_fd)
    yield one
    one.monitor.close()


@pytest.mark.parametrize("umask", [0, 0o077])
def test_canaries_lie_where_they_should_for_their_owner_alone(root, root_fd, umask):
    if os.getuid() == 0:
        os.chown(root / "home", 1234, 1235)
    previous = os.umask(umask)
    try:
        inodes = plant(root_fd, ALL)
    finally:
        os.umask(previous)
    owner = (root / "home").stat()
    for path, mode in ((".aws", 0o40700), (".aws/credentials", 0o100600), (".netrc", 0o100600)):
        status = (root / "home" / path).lstat()
        assert status.st_mode == mode
        assert (status.st_uid, status.st_gid) == (owner.st_uid, owner.st_gid)
    assert (root / "home/.aws/credentials").read_bytes() == AWS.content.encode()
    assert inodes == {
        (root / "home/.aws/credentials").stat().st_ino,
        (root / "home/.netrc").stat().st_ino,
    }
    assert not stat.S_ISLNK((root / "home").lstat().st_mode)


@pytest.mark.parametrize("name", [".netrc", ".aws"])
def test_planting_follows_no_link_and_overwrites_nothing(root, root_fd, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "home" / name).symlink_to(outside / "made" if name == ".netrc" else outside)
    with pytest.raises(Unavailable, match="can't be planted"):
        plant(root_fd, ALL)
    assert not list(outside.iterdir())


def test_an_existing_file_is_not_overwritten(root, root_fd):
    (root / "home/.netrc").write_text("mine")
    with pytest.raises(Unavailable, match="File exists"):
        plant(root_fd, (NETRC,))
    assert (root / "home/.netrc").read_text() == "mine"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "a//x", "./x"])
def test_a_path_that_is_not_below_home_is_refused(root, root_fd, path):
    with pytest.raises(Unavailable, match="not below the home"):
        plant(root_fd, (Canary(name="x", path=path, content="", secrets=()),))
    assert os.listdir(root) == ["home"]


def test_planting_and_watching_are_no_touches(touches):
    assert touches.seen() == []


def test_every_kind_of_access_is_told(touches, root):
    path = root / "home/.netrc"
    fd = os.open(path, os.O_RDWR)
    assert touches.seen() == [("netrc", "opened")]
    os.read(fd, 1)
    assert touches.seen() == [("netrc", "read")]
    os.write(fd, b"y")
    assert touches.seen() == [("netrc", "changed")]
    path.unlink()
    os.close(fd)
    assert ("netrc", "removed") in touches.seen()


def test_a_rename_a_link_and_a_replacement_are_told(touches, root):
    (root / "home/.netrc").rename(root / "home/elsewhere")
    assert touches.seen() == [("netrc", "removed")]
    os.link(root / "home/.aws/credentials", root / "home/link")
    assert touches.seen() == [("aws", "changed")]
    touches.monitor.new_epoch()
    (root / "home/link").read_text()
    assert touches.seen() == [("aws", "opened"), ("aws", "read")]
    (root / "home/new").touch()
    (root / "home/new").rename(root / "home/elsewhere")
    assert ("netrc", "changed") in touches.seen()


def test_a_touch_is_told_once_in_each_epoch(touches, root):
    path = root / "home/.aws/credentials"
    for _ in range(3):
        path.read_text()
    assert touches.seen() == [("aws", "opened"), ("aws", "read")]
    path.read_text()
    assert touches.seen() == []
    path.read_text()
    touches.monitor.new_epoch()
    assert touches.seen() == []
    path.read_text()
    assert touches.seen() == [("aws", "opened"), ("aws", "read")]


def test_what_waits_belongs_to_the_epoch_that_ends(touches, root):
    (root / "home/.netrc").read_text()
    touches.monitor.new_epoch()
    assert [fact.access for fact in touches] == ["opened", "read"]


def test_the_fact_names_the_path_in_the_box(touches, root):
    (root / "home/.aws/credentials").read_text()
    touches.monitor.drain()
    assert touches[0].path == "/home/tool/.aws/credentials"


async def test_touches_arrive_in_the_loop(root, root_fd):
    plant(root_fd, ALL)
    arrived = asyncio.get_running_loop().create_future()
    monitor = CanaryMonitor(
        root_fd, ALL, lambda fact: arrived.done() or arrived.set_result(fact.access)
    )
    assert monitor.report().state == "lost"
    monitor.start()
    (root / "home/.netrc").read_text()
    assert await asyncio.wait_for(arrived, 5) == "opened"
    monitor.close()
    monitor.close()
    monitor.drain()
    report = monitor.report()
    assert (report.monitor, report.state, report.facts) == ("canaries", "complete", 2)


async def test_what_waits_at_the_end_is_told(root, root_fd):
    plant(root_fd, ALL)
    facts = []
    monitor = CanaryMonitor(root_fd, ALL, facts.append)
    monitor.start()
    (root / "home/.netrc").read_text()
    monitor.close()
    assert [fact.access for fact in facts] == ["opened", "read"]


async def test_events_that_the_kernel_dropped_are_a_loss(root, root_fd):
    plant(root_fd, ALL)
    monitor = CanaryMonitor(root_fd, ALL, lambda _fact: None)
    monitor.start()
    with open("/proc/sys/fs/inotify/max_queued_events") as file:
        room = int(file.read())
    paths = [root / "home/.netrc", root / "home/.aws/credentials"]
    for i in range(room + 2):
        # The kernel merges an event with an equal one before it: take turns.
        os.close(os.open(paths[i % 2], os.O_RDONLY))
    monitor.close()
    assert monitor.report().state == "lost"
    assert "dropped" in monitor.report().reason


@pytest.mark.parametrize(("mask", "word"), [(Mask.Q_OVERFLOW, "dropped"), (Mask.UNMOUNT, "unm")])
async def test_a_source_that_went_away_is_a_loss(root_fd, monkeypatch, mask, word):
    plant(root_fd, ALL)
    monitor = CanaryMonitor(root_fd, ALL, lambda _fact: None)
    monitor.start()
    events = [(InotifyEvent(-1, mask),), ()]
    monkeypatch.setattr(Inotify, "read", lambda _self: events.pop(0))
    monitor.drain()
    monkeypatch.undo()
    monitor.close()
    assert monitor.report().state == "lost"
    assert word in monitor.report().reason


def test_a_canary_that_is_not_there_can_not_be_watched(root_fd, no_descriptor_left):
    with no_descriptor_left(), pytest.raises(Unavailable, match="can't be watched"):
        CanaryMonitor(root_fd, ALL, lambda _fact: None)
