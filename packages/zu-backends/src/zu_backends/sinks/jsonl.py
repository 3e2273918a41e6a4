"""`JsonlSink`: the record as one JSON object a line, shared by processes."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from zu_backends.sinks.files import unavailable
from zu_backends.sinks.jsonl_file import LogFile, groups
from zu_backends.sinks.jsonl_line import Line, decode_line, encode_line
from zu_backends.sinks.threaded import BATCH_BYTES, BATCH_EVENTS, Page
from zu_backends.sinks.transparent import TransparentSink
from zu_core.chain import Break, ChainError, Entry, Link, Verifier, link
from zu_core.codec import Codecs
from zu_core.contracts.event import Event
from zu_core.entries import check_same, entry_of, event_of
from zu_core.errors import ConfigError, Unavailable
from zu_core.merkle import MemoryTree, leaf_hash
from zu_core.merkle.views import TreeView
from zu_core.ports.storage import StoredEvent


class JsonlSink(TransparentSink):
    """Stores events in `path`; an append returns after its lines are on disk.

    An append is torn by a crash as a whole: the next one moves what is there of it to a
    file `PATH.torn-*`, and logs a warning. The ids and places of all events are kept in
    memory, about 200 bytes each.

    Args:
        path: the file; made, private to its owner, if it is not there.
        codecs: what payloads are written and read with; plain JSON by default.
        lock_timeout_ms: how long a call waits for another process's lock.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        codecs: Codecs | None = None,
        lock_timeout_ms: int = 10_000,
    ) -> None:
        store = _JsonlStore(Path(path).absolute(), codecs or Codecs(), lock_timeout_ms)
        super().__init__(store, name="zu-jsonl")


class _JsonlStore:
    def __init__(self, path: Path, codecs: Codecs, lock_timeout_ms: int) -> None:
        self._path = path
        self._codecs = codecs
        self._timeout = lock_timeout_ms
        self._file: LogFile | None = None
        self._ends = array("Q")  # offset behind the line of each position
        self._by_id: dict[str, int] = {}
        self._heads: dict[str, Link] = {}
        self._tree = MemoryTree()  # of the positions that a proof was asked for so far

    def open(self) -> None:
        if self._file is None:
            self._file = LogFile(self._path, lock_timeout_ms=self._timeout)

    def append(self, events: Sequence[Event], /) -> tuple[StoredEvent, ...]:
        entries = [entry_of(event, self._codecs) for event in events]
        if not entries:
            return ()
        with self._open.locked():
            foreign = self._catch_up()
            lines, places = self._link_all(entries, events)
            if lines:
                self._write(lines)
            elif foreign:
                self._open.sync()  # its writer may have died between write and fsync
        return tuple(
            StoredEvent(position=position, link=place, event=event)
            for (position, place), event in zip(places, events, strict=True)
        )

    def cursor(self, after: int, /) -> int:
        return after

    def page(self, trace_id: str | None, cursor: int, /) -> Page:
        if cursor >= len(self._ends):
            with self._open.locked():
                self._catch_up()
        position, size = cursor, 0
        events: list[StoredEvent] = []
        while position < len(self._ends) and len(events) < BATCH_EVENTS and size < BATCH_BYTES:
            position += 1
            size += self._ends[position - 1] - self._start(position)
            line = self._line(position)
            if trace_id in (None, line.entry.trace_id):
                event = event_of(line.entry, self._codecs)
                events.append(StoredEvent(position=position, link=line.link, event=event))
        return Page(tuple(events), None if position == cursor else position)

    def verifier(self, trace_id: str | None, /) -> Callable[[], int]:
        with self._open.locked():
            self._catch_up()
        end, heads = self._end, dict(self._heads)
        file = self._open.duplicate()
        return lambda: self._verify(file, trace_id, end, heads)

    @contextmanager
    def tree(self) -> Iterator[TreeView]:
        with self._open.locked():
            self._catch_up()
        for position in range(self._tree.size + 1, len(self._ends) + 1):
            self._tree.append(leaf_hash(self._line(position).link.hash))
        yield TreeView(self._tree, self._tree.size)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def _open(self) -> LogFile:
        if self._file is None:
            raise Unavailable(f"the log {self._path} is closed", advice="open a new sink")
        return self._file

    @property
    def _end(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _start(self, position: int) -> int:
        return self._ends[position - 2] if position > 1 else 0

    def _catch_up(self) -> bool:
        """Take in what other processes appended; return whether there was any."""
        file, start = self._open, self._end
        size = file.size()
        if size < start:
            raise ChainError(
                Break.GAP,
                position=len(self._ends),
                trace_id="?",
                detail=f"the file was {start} bytes long and is {size}",
            )
        if size == start:
            return False
        if start == 0:
            file.check_is_log()
        for group in groups(file, start, size, len(self._ends) + 1):
            for end, line in group:
                self._take(end, line)
        file.cut_torn(self._end, len(self._ends) + 1)
        return self._end > start

    def _take(self, end: int, line: Line) -> None:
        self._ends.append(end)
        self._by_id.setdefault(line.entry.event_id, len(self._ends))
        self._heads[line.entry.trace_id] = line.link

    def _line(self, position: int) -> Line:
        try:
            data = self._open.read(self._start(position), self._ends[position - 1])
        except OSError as error:
            raise unavailable(self._path, error) from error
        return decode_line(data, position)

    def _link_all(
        self, entries: Sequence[Entry], events: Sequence[Event]
    ) -> tuple[list[tuple[Entry, Link]], list[tuple[int, Link]]]:
        """Return the entries that are new, linked, and the place of each of `entries`."""
        new: list[tuple[Entry, Link]] = []
        by_id: dict[str, tuple[int, Entry, Link]] = {}
        heads: dict[str, Link] = {}
        places: list[tuple[int, Link]] = []
        for entry, event in zip(entries, events, strict=True):
            known = by_id.get(entry.event_id) or self._known(entry.event_id)
            if known is None:
                trace_id = entry.trace_id
                place = heads[trace_id] = link(
                    heads.get(trace_id, self._heads.get(trace_id)), entry
                )
                new.append((entry, place))
                known = by_id[entry.event_id] = (len(self._ends) + len(new), entry, place)
            else:
                check_same(known[1], entry, event, self._codecs)
            places.append((known[0], known[2]))
        return new, places

    def _known(self, event_id: str) -> tuple[int, Entry, Link] | None:
        position = self._by_id.get(event_id)
        if position is None:
            return None
        line = self._line(position)
        return position, line.entry, line.link

    def _write(self, new: list[tuple[Entry, Link]]) -> None:
        lines = [Line(entry, place, len(new) - 1 - n) for n, (entry, place) in enumerate(new)]
        data = [encode_line(line) for line in lines]
        for line, encoded in zip(lines, data, strict=True):
            if encoded.count(b"\n") != 1:
                raise ConfigError(f"the codec {line.entry.codec!r} makes JSON of several lines")
        self._open.append(b"".join(data))
        end = self._end
        for line, encoded in zip(lines, data, strict=True):
            end += len(encoded)
            self._take(end, line)

    def _verify(self, file: LogFile, trace_id: str | None, end: int, heads: dict[str, Link]) -> int:
        verifier = Verifier(trace_id)
        position = 0
        try:
            for group in groups(file, 0, end, 1):
                for _, line in group:
                    position += 1
                    if trace_id in (None, line.entry.trace_id):
                        verifier.add(line.entry, line.link, position=position)
        except OSError as error:
            raise unavailable(self._path, error) from error
        finally:
            file.close()
        for trace, head in heads.items():
            if trace_id in (None, trace) and verifier.heads.get(trace) != head:
                raise ChainError(
                    Break.GAP,
                    position=position + 1,
                    trace_id=trace,
                    detail=f"entry {head.seq}, which this process has seen, is gone",
                )
        return verifier.count
