"""One direction of a tunnel, driven by the readiness of its two sockets.

Octets go through one large buffer that all tunnels of a server share, because the loop
turns one wheel at a time; a direction owns memory only for what its sink did not take.
docs/adr/0007 has what was measured against splice(2) and others.
"""

import asyncio
from collections.abc import Callable

from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.peek import Pass, PlainHttp, Undecided, Verdict
from zu_backends.egress.policy import Deny
from zu_backends.egress.stream import Stream

Judge = Callable[[bytes, bool], Verdict]


class Room:
    """The shared buffer, and how much all directions of a server hold back."""

    def __init__(self, limits: EgressLimits) -> None:
        self.view = memoryview(bytearray(limits.burst_bytes))
        self._chunk = limits.chunk_bytes
        self._budget = limits.held_bytes
        self.held = 0

    @property
    def share(self) -> memoryview:
        """The part to read into: a chunk only, once readers that are slow hold the budget."""
        return self.view if self.held < self._budget else self.view[: self._chunk]


class Way:
    """Octets from `source` to `sink`.

    Args:
        moved: called whenever something moves.
        ended: called once: with None at the end of the source, or with what went wrong.
    """

    def __init__(
        self,
        source: Stream,
        sink: Stream,
        room: Room,
        moved: Callable[[], None],
        ended: Callable[[OSError | None], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._source, self._sink = source, sink
        self._room = room
        self._moved = moved
        self._ended = ended
        self._rest = memoryview(b"")
        self._reading = self._writing = False
        self._paused: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to read."""
        self._reading = True
        self._loop.add_reader(self._source.sock, self._readable)

    def stop(self) -> None:
        """Read and write no more; what the sink did not take is dropped."""
        self._pause()
        if self._paused is not None:
            self._paused.cancel()
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._sink.sock)
        self._keep(memoryview(b""))

    def rest(self, seconds: float) -> None:
        """Read nothing for a while."""
        self._pause()
        self._paused = self._loop.call_later(seconds, Way.start, self)

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._source.sock)

    def _readable(self) -> None:
        room = self._room.share
        try:
            count = self._source.sock.recv_into(room)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        self._moved()
        data = room[:count]
        if self._source.tally is not None:
            self._source.tally.took(data)
        self.took(data)

    def took(self, data: memoryview) -> None:
        """Pass on what the source sent; nothing is its end."""
        if not data:
            self._sink.finish()
            self._end(None)
            return
        try:
            count = self._sink.sock.send(data)
        except BlockingIOError:
            count = 0
        except OSError as error:
            self._end(error)
            return
        self._count(count)
        if count < len(data):
            self._keep(memoryview(bytes(data[count:])))
            self._pause()
            self._writing = True
            self._loop.add_writer(self._sink.sock, self._writable)

    def _writable(self) -> None:
        try:
            count = self._sink.sock.send(self._rest)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        self._moved()
        self._count(count)
        self._keep(self._rest[count:])
        if not self._rest:
            self._writing = False
            self._loop.remove_writer(self._sink.sock)
            self.start()

    def _keep(self, rest: memoryview) -> None:
        self._room.held += len(rest) - len(self._rest)
        self._rest = rest

    def _count(self, count: int) -> None:
        if self._sink.tally is not None:
            self._sink.tally.received += count

    def _end(self, error: OSError | None) -> None:
        self.stop()
        self._ended(error)


class JudgedWay(Way):
    """A direction whose first octets are judged before any of them goes on.

    Attributes:
        first: what was read and has no verdict that lets it pass.
    """

    def __init__(
        self,
        source: Stream,
        sink: Stream,
        room: Room,
        moved: Callable[[], None],
        ended: Callable[[OSError | None], None],
        *,
        judge: Judge,
        judged: Callable[[Undecided | PlainHttp | Deny], None],
    ) -> None:
        super().__init__(source, sink, room, moved, ended)
        self._judge: Judge | None = judge
        self._judged = judged
        self.first = b""

    @property
    def undecided(self) -> bool:
        """Whether the first octets still have no verdict."""
        return self._judge is not None

    def start(self) -> None:
        """Begin with what was pushed back."""
        pushed = self._source.pushed()
        super().start()
        if pushed:
            self.took(memoryview(pushed))

    def took(self, data: memoryview) -> None:
        """Judge, then pass on."""
        if self._judge is None:
            super().took(data)
            return
        self.first += data
        verdict = self._judge(self.first, not data)
        if not isinstance(verdict, Pass):
            self._judged(verdict)
            return
        self._judge = None
        first, self.first = self.first, b""
        if first:
            super().took(memoryview(first))
        if not data:
            super().took(data)
