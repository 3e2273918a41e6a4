"""The box's proxy beside a direct connection, tinyproxy, mitmproxy and proxy.py, by turns.

Each proxy, each server and each client is a process of its own. Proxies that are not on
PATH are told as missing.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import egress_peers
from benchmarks.egress_peers import Started, Way, cpu_seconds, processes
from benchmarks.measure import Aim, Report, Row, percentile

BODY = 1 << 30
_DIRECT, _TUNNEL, _TRANSPARENT = "direct", "Zu, CONNECT", "Zu, transparent"
_ELSEWHERE, _BESIDE = "beside 50 endless heads elsewhere", "beside 50 endless heads"
_HELD = 2000
_SLOW_READERS = 200
_SECONDS, _AT_ONCE = 2, 16
_Times = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class _Field:
    """Where the load goes: the ways, and the ports of the two servers.

    `transparent` has the gate's port for each server that it stands before.
    """

    ways: tuple[Way, ...]
    echo: int
    body: int
    transparent: Mapping[int, int]

    def route(self, way: Way, target: int) -> tuple[int, int]:
        """The first two arguments of a load program."""
        return (0, self.transparent[target]) if way.port < 0 else (way.port, target)


async def measure(runs: int) -> tuple[Report, ...]:
    """Run every load once for every ten of `runs`, by turns."""
    return await asyncio.to_thread(_measure, max(runs // 10, 1))


def _measure(rounds: int) -> tuple[Report, ...]:
    with _field() as field:
        missing = set(egress_peers.NAMES) - {way.name for way in field.ways}
        reports = (
            *_throughput(field, rounds),
            _new_connections(field, rounds),
            _latency(field, rounds),
            _held(field),
            _neighbour(field, rounds),
            _memory(field),
        )
    if not missing:
        return reports
    told = f"not on PATH: {', '.join(sorted(missing))}"
    return (*reports, Report(name="proxies to compare with", unit="", missing=told))


@contextmanager
def _field() -> Iterator[_Field]:
    with processes() as started, tempfile.TemporaryDirectory() as directory:
        echo, body = (int(started.module("egress_load", "server", n)[1]) for n in (0, BODY))
        gate, transparent_echo = _gate(started, echo, body)
        bodies, transparent_body = _gate(started, body, echo)
        found = egress_peers.find()
        ways = (
            Way(_DIRECT, 0),
            Way(_TUNNEL, gate[0], (gate[1],)),
            Way(_TRANSPARENT, -1, (gate[1], bodies[1])),
            *(egress_peers.start(name, found[name], started, directory) for name in found),
        )
        yield _Field(ways, echo, body, {echo: transparent_echo, body: transparent_body})


def _gate(started: Started, first: int, second: int) -> tuple[tuple[int, int], int]:
    """The proxy's port and pid, and the port of the transparent gate to `first`."""
    process, ports = started.module("egress_gate", first, second)
    proxy, transparent = map(int, ports.split())
    return (proxy, process.pid), transparent


def _load(what: str, *arguments: int) -> object:
    """What a load program found.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "benchmarks.egress_load", what, *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{what} failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def _number(what: str, *arguments: int) -> float:
    found = _load(what, *arguments)
    assert isinstance(found, float)
    return found


def _numbers(what: str, *arguments: int) -> list[float]:
    found = _load(what, *arguments)
    assert isinstance(found, list)
    return found


def _by_turns(field: _Field, rounds: int, one: Callable[[Way], None]) -> None:
    for _ in range(rounds):
        for way in field.ways:
            one(way)


def _rows(times: _Times, floors: Mapping[str, str], other: str) -> tuple[Row, ...]:
    return tuple(
        Row(name=name, times=tuple(found), floor=floors.get(name, other))
        for name, found in times.items()
    )


def _throughput(field: _Field, rounds: int) -> tuple[Report, Report]:
    seconds: _Times = {}
    cpu: _Times = {}

    def one(way: Way) -> None:
        before = cpu_seconds(way.pids)
        found = _number("fetch", *field.route(way, field.body), BODY)
        seconds.setdefault(way.name, []).append(found)
        if way.pids:
            spent = cpu_seconds(way.pids) - before
            cpu.setdefault(way.name, []).append(spent / (BODY / 1e9))

    _by_turns(field, rounds, one)
    aims = tuple(Aim(row=name, at_most=1 / 0.6) for name in (_TUNNEL, _TRANSPARENT))
    rows = _rows(seconds, {_DIRECT: ""}, _DIRECT)
    cpu_rows = _rows(cpu, {_TUNNEL: ""}, _TUNNEL)
    return (
        Report(name="a body of 1 GiB", unit="s", rows=rows, aims=aims),
        Report(name="CPU time of the proxy", unit="s per GB", rows=cpu_rows),
    )


def _new_connections(field: _Field, rounds: int) -> Report:
    times: _Times = {}

    def one(way: Way) -> None:
        found = _number("rate", *field.route(way, field.echo), _SECONDS, _AT_ONCE)
        times.setdefault(way.name, []).append(1e6 / found)

    _by_turns(field, rounds, one)
    zu = "tinyproxy" if "tinyproxy" in times else _DIRECT
    rows = _rows(times, {_DIRECT: "", "tinyproxy": "", _TUNNEL: zu, _TRANSPARENT: zu}, _TUNNEL)
    aims = (Aim(row=_TUNNEL, at_most=1 / 0.6),) if zu == "tinyproxy" else ()
    return Report(name="one new connection, 16 at once", unit="µs", rows=rows, aims=aims)


def _latency(field: _Field, rounds: int) -> Report:
    times: _Times = {}

    def one(way: Way) -> None:
        found = _numbers("round_trips", *field.route(way, field.echo), 3000)
        times.setdefault(way.name, []).append(percentile(found, 50))

    _by_turns(field, rounds, one)
    rows = _rows(times, {_DIRECT: ""}, _DIRECT)
    added = [
        Row(
            name=f"{name}: added",
            times=tuple(a - b for a, b in zip(times[name], times[_DIRECT], strict=True)),
        )
        for name in (_TUNNEL, _TRANSPARENT)
    ]
    name = "64 octets and their echo on a kept connection, medians of 3000"
    aims = tuple(Aim(row=row.name, at_most=100.0) for row in added)
    return Report(name=name, unit="µs", rows=(*rows, *added), aims=aims)


def _held(field: _Field) -> Report:
    times: _Times = {}
    told = []
    for way in field.ways:
        try:
            times[way.name] = _numbers("hold", *field.route(way, field.echo), _HELD)
        except RuntimeError as error:
            if way.name in (_DIRECT, _TUNNEL, _TRANSPARENT):
                raise
            told.append(f"{way.name}: {error}")
    name = f"one use of each of {_HELD} connections held at once"
    if told:
        name += f" ({'; '.join(told)})"
    return Report(name=name, unit="ms", rows=_rows(times, {_DIRECT: ""}, _DIRECT))


def _neighbour(field: _Field, rounds: int) -> Report:
    """New connections of a victim: alone, and beside 50 request heads that never end.

    The floor is the same neighbour at another server: it takes its share of the machine
    wherever it goes.
    """
    times: _Times = {"alone": [], _ELSEWHERE: [], _BESIDE: []}
    way = next(way for way in field.ways if way.name == _TUNNEL)
    for _ in range(rounds):
        for name, port in (("alone", 0), (_ELSEWHERE, field.echo), (_BESIDE, way.port)):
            with processes() as started:
                if port:
                    started.module("egress_load", "slow_heads", port, 50)
                found = _number("rate", way.port, field.echo, _SECONDS, 1)
            times[name].append(1e6 / found)
    rows = _rows(times, {"alone": "", _ELSEWHERE: "", _BESIDE: _ELSEWHERE}, "")
    return Report(name="one new connection of a victim", unit="µs", rows=rows)


def _memory(field: _Field) -> Report:
    """What the proxy holds for readers that ask for 1 GiB each and read nothing."""
    way = next(way for way in field.ways if way.name == _TUNNEL)
    before = egress_peers.resident(way.pids[0])
    with processes() as started:
        started.module("egress_load", "slow_readers", way.port, field.body, _SLOW_READERS)
        time.sleep(_SECONDS)
        after = egress_peers.resident(way.pids[0])
    rows = (
        Row(name="before", times=(before / 2**20,)),
        Row(name=f"with {_SLOW_READERS} readers that stopped", times=(after / 2**20,)),
    )
    return Report(name="memory of the proxy", unit="MiB", rows=rows)
