"""One direction of a tunnel, between socket pairs."""

import asyncio
import socket

import pytest

from zu_backends.egress import EgressLimits
from zu_backends.egress.flow import JudgedWay, Room, Way
from zu_backends.egress.peek import Pass, Undecided
from zu_backends.egress.policy import Deny, Refusal
from zu_backends.egress.stream import Stream, Tally

LIMITS = EgressLimits(chunk_bytes=1000, burst_bytes=100_000, held_bytes=50_000)


class Ends:
    """Two pairs: a program writes at `near`, a server reads at `far`."""

    def __init__(self) -> None:
        self.near, source = socket.socketpair()
        sink, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.far.setblocking(False)
        self.source = Stream(source, Tally(10))
        self.sink = Stream(sink, Tally(10))
        self.moves = 0
        self.ended: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()

    def moved(self) -> None:
        self.moves += 1

    def way(self, room: Room) -> Way:
        return Way(self.source, self.sink, room, self.moved, self.ended.set_result)

    def close(self) -> None:
        for sock in (self.near, self.far, self.source, self.sink):
            sock.close()


@pytest.fixture
async def ends():
    made = Ends()
    yield made
    made.close()


async def read_all(sock: socket.socket) -> bytes:
    got = b""
    while more := await asyncio.get_running_loop().sock_recv(sock, 65536):
        got += more
    return got


async def test_octets_and_the_end_go_through(ends):
    ends.way(Room(LIMITS)).start()
    await asyncio.get_running_loop().sock_sendall(ends.near, b"x" * 50)
    ends.near.shutdown(socket.SHUT_WR)
    assert await read_all(ends.far) == b"x" * 50
    assert await ends.ended is None
    assert (ends.source.tally.sent, ends.source.tally.sample) == (50, b"x" * 10)
    assert ends.sink.tally.received == 50
    assert ends.moves == 2


async def test_a_sink_that_does_not_take_holds_the_source_back_and_nothing_is_lost(ends):
    room = Room(LIMITS)
    ends.way(room).start()
    body = bytes(range(256)) * 20_000
    loop = asyncio.get_running_loop()
    writing = asyncio.create_task(loop.sock_sendall(ends.near, body))
    while not room.held:
        await asyncio.sleep(0)
    assert room.held <= LIMITS.burst_bytes
    assert not writing.done()
    reading = asyncio.create_task(read_all(ends.far))
    await writing
    ends.near.shutdown(socket.SHUT_WR)
    assert await reading == body
    assert await ends.ended is None
    assert room.held == 0


async def test_with_the_budget_spent_only_a_chunk_is_read(ends):
    room = Room(LIMITS)
    assert len(room.share) == LIMITS.burst_bytes
    room.held = LIMITS.held_bytes
    assert len(room.share) == LIMITS.chunk_bytes


async def test_a_stop_gives_back_what_was_held(ends):
    room = Room(LIMITS)
    way = ends.way(room)
    way.start()
    ends.near.send(b"x" * 100_000)
    filler = asyncio.create_task(asyncio.get_running_loop().sock_sendall(ends.near, b"x" * 10**7))
    while not room.held:
        await asyncio.sleep(0)
    way.stop()
    filler.cancel()
    assert room.held == 0
    assert not ends.ended.done()


async def test_a_sink_that_is_gone_ends_it_with_the_error(ends):
    ends.way(Room(LIMITS)).start()
    ends.far.close()
    ends.near.send(b"x")
    assert isinstance(await ends.ended, BrokenPipeError)


async def test_nothing_goes_on_before_it_is_judged(ends):
    asked: list[tuple[bytes, bool]] = []
    judged: asyncio.Queue[object] = asyncio.Queue()

    def judge(data: bytes, last: bool) -> Undecided | Pass:
        asked.append((data, last))
        return Pass() if data == b"whole" else Undecided()

    way = JudgedWay(
        *(ends.source, ends.sink, Room(LIMITS), ends.moved, ends.ended.set_result),
        judge=judge,
        judged=judged.put_nowait,
    )
    ends.source.push_back(b"wh")
    way.start()
    assert await judged.get() == Undecided()
    with pytest.raises(BlockingIOError):
        ends.far.recv(1)
    assert way.undecided
    ends.near.send(b"ole")
    ends.near.shutdown(socket.SHUT_WR)
    assert await read_all(ends.far) == b"whole"
    assert asked == [(b"wh", False), (b"whole", False)]
    assert not way.undecided


async def test_a_refusal_is_told_and_nothing_goes_on(ends):
    deny = Deny(Refusal.NOT_HTTP, "no")
    told: asyncio.Queue[object] = asyncio.Queue()
    way = JudgedWay(
        *(ends.source, ends.sink, Room(LIMITS), ends.moved, ends.ended.set_result),
        judge=lambda *_: deny,
        judged=told.put_nowait,
    )
    way.start()
    ends.near.send(b"evil")
    assert await told.get() is deny
    assert way.first == b"evil"
    way.stop()
    with pytest.raises(BlockingIOError):
        ends.far.recv(1)
