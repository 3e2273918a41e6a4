"""A process that uses a log, for tests: `child.py VERB SINK PATH ...`."""

# ruff: noqa: T201 - what it prints is its answer

import asyncio
import sys
from pathlib import Path

from zu_backends.sinks.jsonl import JsonlSink
from zu_backends.sinks.sqlite import SqliteSink
from zu_core.errors import Unavailable
from zu_core.ports import EventSink
from zu_core.testing import make_event

SINKS = {"sqlite": SqliteSink, "jsonl": JsonlSink}


async def append(sink: EventSink, name: str, count: int) -> None:
    """Print the ids of each append that was acknowledged; each third one has three events."""
    sys.stdin.readline()
    for number in range(count):
        size = 3 if number % 3 == 2 else 1
        batch = [
            make_event(payload={"append": f"{name}-{number}", "size": size}) for _ in range(size)
        ]
        await sink.append_many(batch)
        print(*(event.event_id for event in batch), flush=True)


async def fill(sink: EventSink, filler: Path) -> None:
    """Append until the disk is full, make room, go on."""
    await sink.append(make_event(0))
    filler.write_bytes(b"x" * 65536)
    number = 1
    try:
        while True:
            await sink.append(make_event(number, payload={"text": "x" * 3000}))
            number += 1
    except Unavailable as error:
        print(error)
    kept = [stored.event async for stored in sink.stream()]
    print(len(kept) == number == await sink.verify())
    filler.unlink()
    await sink.append(make_event(number))
    print(await sink.verify() == number + 1)


async def refuse(sink: EventSink) -> None:
    """Append to a log that can't be written."""
    try:
        await sink.append(make_event())
    except Unavailable as error:
        print(error)


async def main() -> None:
    verb, kind, path, *rest = sys.argv[1:]
    sink = SINKS[kind](path)
    if verb == "append":
        await append(sink, rest[0], int(rest[1]))
    elif verb == "fill":
        await fill(sink, Path(path).with_name("filler"))
    elif verb == "refuse":
        await refuse(sink)
    await sink.close()


asyncio.run(main())
