"""Which files of a box changed, by comparing snapshots of its writable file system."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, Literal

from zu_backends.monitors.base import Account
from zu_backends.monitors.tree import Bounds, Node, Snapshot, snapshot
from zu_core.errors import Unavailable
from zu_core.events.box import FileChanged, MonitorReported

# Names at the root of the box's tmpfs, and where the box shows them.
PLACES: Final[Mapping[bytes, bytes]] = MappingProxyType(
    {b"home": b"/home/tool", b"work": b"/workspace", b"tmp": b"/tmp", b"shm": b"/dev/shm"}
)
SAMPLE_BYTES: Final = 4096
# Bounds the memory of one comparison; files beyond it are reported without a sample.
SAMPLES_TOTAL_BYTES: Final = 16 << 20

_Change = Literal["created", "changed", "deleted"]


class FileMonitor:
    """Compares the files below a descriptor with what they were before.

    A change is a difference in type, inode, size, mode, ctime or mtime; a program can
    forge mtime but not ctime. Before Linux 6.13 both advance by ticks of up to 10 ms: a
    second change of equal size in the same tick as a snapshot goes unseen. What was
    created and deleted between two comparisons is not in either; the system-call monitor
    records that it was opened.

    Args:
        root_fd: the root of the box's writable file system; stays the caller's.
        unsampled: inode numbers that are never opened. Reading a canary would look to
            its monitor like a touch of the target's.
        bounds: what one comparison may cost.
    """

    name = "files"

    def __init__(
        self, root_fd: int, *, unsampled: Collection[int] = (), bounds: Bounds | None = None
    ) -> None:
        self._root_fd = root_fd
        self._unsampled = frozenset(unsampled)
        self._bounds = bounds or Bounds()
        self._before: dict[bytes, Node] | None = None
        self._account = Account(self.name)

    def baseline(self) -> None:
        """Take the present files as known.

        Raises:
            Unavailable: they can't be read, or are more than the bounds allow.
        """
        self._before = self._snapshot({}, sampled=False).nodes

    def changes(self) -> tuple[FileChanged, ...]:
        """Return what differs from the last call of this or of `baseline`, by path.

        Raises:
            Unavailable: the files can't be read, or are more than the bounds allow; the
                account is lost from then on.
        """
        if self._before is None:
            raise Unavailable("the files of the box were not looked at before its programs")
        now = self._snapshot(self._before, sampled=True)
        found = _differences(self._before, now)
        self._before = now.nodes
        self._account.facts += len(found)
        self._account.finish()
        return found

    def report(self) -> MonitorReported:
        """Complete if every comparison since the baseline succeeded, and one was made."""
        return self._account.report()

    def _snapshot(self, before: Mapping[bytes, Node], *, sampled: bool) -> Snapshot:
        room = SAMPLES_TOTAL_BYTES if sampled else 0

        def sample_bytes(path: bytes, node: Node) -> int:
            nonlocal room
            known = before.get(path)
            if (known is not None and node.same_as(known)) or node.inode in self._unsampled:
                return 0
            length = min(SAMPLE_BYTES, node.size, room)
            room -= length
            return length

        try:
            return snapshot(self._root_fd, self._bounds, sample_bytes)
        except Unavailable as error:
            self._account.lose(error.message)
            raise
        except OSError as error:
            self._account.lose(f"the files of the box can't be read: {error.strerror}")
            raise Unavailable(f"the files of the box can't be read: {error.strerror}") from error


def path_in_box(path: bytes) -> str:
    """The path by which a program in the box knows `path`, relative to the tmpfs root."""
    place, slash, rest = path.partition(b"/")
    shown = PLACES.get(place, b"/" + place)
    return (shown + slash + rest).decode("utf-8", "backslashreplace")


def _differences(before: Mapping[bytes, Node], now: Snapshot) -> tuple[FileChanged, ...]:
    found = []
    for path in sorted(before.keys() | now.nodes.keys()):
        old, new = before.get(path), now.nodes.get(path)
        if old is None and new is not None:
            found.append(_fact(path, "created", new, now.samples.get(path, b"")))
        elif old is not None and new is None:
            found.append(_fact(path, "deleted", old, b""))
        elif old is not None and new is not None and not new.same_as(old):
            found.append(_fact(path, "changed", new, now.samples.get(path, b"")))
    return tuple(found)


def _fact(path: bytes, change: _Change, node: Node, sample: bytes) -> FileChanged:
    return FileChanged(
        path=path_in_box(path),
        change=change,
        type=node.kind,
        size=node.size,
        mode=node.mode,
        sample=sample,
    )
