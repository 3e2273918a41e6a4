"""A containment that contains nothing, for tests of callers: plain processes, watched files."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from zu_core.bus import EventBus, Recorder
from zu_core.contracts import BoxSpec, Canary, Event, Exit, Usage
from zu_core.events import (
    BoxEnded,
    CanaryPlanted,
    FileChanged,
    HostEffectObserved,
    Payload,
    ProgramEnded,
    ProgramStarted,
    payload_of,
)

SERVERS = Path(__file__).parent / "servers"


class MemorySink:
    """Keeps events in a list."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def append(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Payload]) -> list[Any]:
        return [payload_of(event) for event in self.events if event.type == kind.TYPE]

    def children(self, event: Event) -> list[Event]:
        return [one for one in self.events if one.parent_id == event.event_id]


class PlainProgram:
    """A process in a session of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self.process = process
        self.stdin = process.stdin
        self.stdout = process.stdout
        self.stderr = process.stderr

    async def wait(self) -> Exit:
        code = await self.process.wait()
        usage = Usage(cpu_seconds=0, peak_memory_bytes=0, peak_processes=1, wall_seconds=0)
        return Exit(code=code if code >= 0 else 128 - code, usage=usage)

    async def kill(self) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        self.process._transport.close()  # type: ignore[attr-defined]


class PlainBox:
    def __init__(self, root: Path, recorder: Recorder, spec: BoxSpec) -> None:
        self.root = root
        self.home, self.workspace = root / "home", root / "workspace"
        self.recorder = recorder
        self.spec = spec
        self.parent: str | None = None
        self.programs: list[PlainProgram] = []
        self.seen: set[Path] = set()

    async def start(self, argv: Sequence[str]) -> PlainProgram:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.workspace,
            start_new_session=True,
        )
        self.programs.append(program := PlainProgram(process))
        await self.recorder.record(ProgramStarted(argv=tuple(argv), cwd=str(self.workspace)))
        return program

    def attribute(self, event_id: str | None) -> None:
        self.parent = event_id

    async def settle(self, quiet_seconds: float = 0.05) -> None:
        await asyncio.sleep(0)

    async def record_changes(self) -> None:
        found = {path for path in self.root.rglob("*") if path.is_file()}
        for path in sorted(found - self.seen):
            effect = FileChanged(path=str(path), change="created", sample=path.read_bytes()[:100])
            await self.recorder.record(
                HostEffectObserved(effect=effect), parent_id=self.parent, source="monitor.files"
            )
        self.seen |= found


class PlainContainment:
    """Attributes: boxes that were opened; whether the last one was left."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.boxes: list[PlainBox] = []
        self.left = False

    def box(self, spec: BoxSpec, recorder: Recorder) -> AbstractAsyncContextManager[PlainBox]:
        return self._box(spec, recorder)

    @asynccontextmanager
    async def _box(self, spec: BoxSpec, recorder: Recorder) -> AsyncIterator[PlainBox]:
        box = PlainBox(self.root, recorder, spec)
        box.home.mkdir()
        box.workspace.mkdir()
        for source in Path(spec.workspace).iterdir():
            (box.workspace / source.name).write_bytes(source.read_bytes())
        for canary in spec.canaries:
            path = box.home / canary.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(canary.content)
            await recorder.record(
                CanaryPlanted(name=canary.name, path=str(path), secrets=canary.secrets)
            )
        self.boxes.append(box)
        await box.record_changes()
        try:
            yield box
        finally:
            for program in box.programs:
                await program.kill()
                ended = await program.wait()
                await recorder.record(ProgramEnded(code=ended.code, usage=ended.usage))
            await recorder.record(BoxEnded())
            self.left = True


CANARIES = tuple(
    Canary(name=name, path=path, content=f"key = {secret}\n", secrets=(secret,))
    for name, path, secret in (
        ("aws-credentials", ".aws/credentials", "AKIAQ7T3EXAMPLE0W5NZ"),
        ("ssh-key", ".ssh/id_rsa", "b3BlbnNzaC1rZXktdjEAAAA"),
        ("github", ".config/gh/hosts.yml", "gho_2h8S0examplez9Xq"),
    )
)


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def bus(sink: MemorySink) -> EventBus:
    return EventBus(sink)


@pytest.fixture
def recorder(bus: EventBus) -> Recorder:
    return Recorder(bus, trace_id="trace", task_id="task")


@pytest.fixture
def containment(tmp_path: Path) -> PlainContainment:
    return PlainContainment(tmp_path)


@pytest.fixture
def spec() -> BoxSpec:
    return BoxSpec(canaries=CANARIES)


@pytest.fixture
def server() -> Callable[..., tuple[str, ...]]:
    """The command of a fixture server: its behaviour, or the name of its file."""

    def command(behaviour: str) -> tuple[str, ...]:
        if behaviour.endswith(".py"):
            return (sys.executable, str(SERVERS / behaviour))
        return (sys.executable, "-I", "-S", str(SERVERS / "server.py"), behaviour)

    return command


@pytest.fixture
async def launch(
    tmp_path: Path, recorder: Recorder, server: Callable[..., tuple[str, ...]]
) -> AsyncIterator[Callable[..., Any]]:
    """Start a fixture server as a plain program, ended after the test."""
    started: list[PlainProgram] = []

    async def start(behaviour: str) -> PlainProgram:
        box = PlainBox(tmp_path, recorder, BoxSpec())
        box.workspace.mkdir(exist_ok=True)
        program = await box.start(server(behaviour))
        started.append(program)
        return program

    yield start
    for program in started:
        await program.kill()
