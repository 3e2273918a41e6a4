"""Contained boxes for tests, with all that they record at hand."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from zu_backends.boxes import spawner as spawner_module
from zu_backends.boxes.bubblewrap import Jail, JailSpec, Spawner
from zu_backends.contained import BubblewrapContainment
from zu_backends.contained.assembly import ContainedBox
from zu_core.bus import EventBus, Recorder
from zu_core.contracts import BoxSpec, Canary, Event, Exit
from zu_core.events import BoxProbed, HostEffectObserved, Payload, payload_of
from zu_core.memory import MemorySink

PREFIX = os.path.realpath(sys.base_prefix)
PYTHON = os.path.join(PREFIX, "bin", f"python3.{sys.version_info[1]}")
CANARY = Canary(
    name="netrc",
    path=".netrc",
    content="password s3cr3t-of-nobody\n",
    secrets=("s3cr3t-of-nobody",),
)
SPEC = BoxSpec(canaries=(CANARY,))

P = TypeVar("P", bound=Payload)
E = TypeVar("E")
OpenJail = Callable[[JailSpec, Spawner | None], Any]


@dataclass
class Result:
    exit: Exit
    out: str
    err: str


class Lab:
    """Opens boxes from one helper; keeps what they record."""

    def __init__(self, spawner: Spawner | None) -> None:
        self.spawner = spawner
        self.sink = MemorySink()
        self.events: list[Event] = []
        self.jails: list[Jail] = []
        bus = EventBus(self.sink)
        bus.subscribe(self.events.append)
        self.recorder = Recorder(bus, trace_id="trace", task_id="task")

    def box(
        self, spec: BoxSpec = SPEC, *, open_jail: OpenJail = Jail.open
    ) -> AbstractAsyncContextManager[ContainedBox]:
        async def opened(jail_spec: JailSpec, spawner: Spawner | None) -> Jail:
            jail = await open_jail(jail_spec, spawner)
            self.jails.append(jail)
            return jail

        return BubblewrapContainment(self.spawner, open_jail=opened).box(spec, self.recorder)

    async def run(self, box: ContainedBox, argv: Sequence[str], text: bytes = b"") -> Result:
        program = await box.start(argv)
        program.stdin.write(text)
        program.stdin.close()
        out, err = await asyncio.gather(program.stdout.read(), program.stderr.read())
        return Result(await program.wait(), out.decode(), err.decode())

    async def shell(self, box: ContainedBox, script: str) -> Result:
        return await self.run(box, ["/bin/sh", "-c", script])

    async def python(self, box: ContainedBox, source: str, *arguments: str) -> Result:
        return await self.run(box, [PYTHON, "-I", "-S", "-c", source, *arguments])

    def of(self, kind: type[P]) -> list[P]:
        """Payloads of `kind`, in the order of the record."""
        found = [payload_of(event) for event in self.events if event.type == kind.TYPE]
        return [one for one in found if isinstance(one, kind)]

    def effects(self, kind: type[E]) -> list[E]:
        effects = [fact.effect for fact in self.of(HostEffectObserved)]
        return [one for one in effects if isinstance(one, kind)]

    def failed_checks(self) -> set[str]:
        return {
            check.name for one in self.of(BoxProbed) for check in one.checks if not check.passed
        }

    def left_in_workspace(self) -> list[str]:
        """What lies in the workspaces of the boxes that are still open."""
        return [
            name for jail in self.jails for name in os.listdir(f"/proc/self/fd/{jail.root_fd}/work")
        ]


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with await Spawner.start() as spawner:
        yield Lab(spawner)


@pytest.fixture
async def patched_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[str], Any]]:
    """A lab whose helper process runs some lines before it serves: a box without a mechanism."""
    opened: list[Spawner] = []

    async def start(lines: str) -> Lab:
        script = tmp_path / "helper.py"
        script.write_text(
            "import sys\nsys.path += sys.argv[2:]\n"
            f"from zu_backends.boxes import helper\n{lines}\nhelper.main(sys.argv[1:])\n"
        )
        with monkeypatch.context() as patch:
            patch.setattr(spawner_module.helper, "__file__", str(script))
            opened.append(await Spawner.start())
        return Lab(opened[-1])

    yield start
    for spawner in opened:
        await spawner.close()
