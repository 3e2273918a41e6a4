"""A Docker engine for tests, one image with Python and one without, and what they leave."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import docker as sdk
import pytest

from zu_backends.docker.containment import DockerBox, DockerContainment
from zu_backends.docker.engine import Engine
from zu_backends.docker.jail import DockerJail
from zu_backends.docker.labels import HARNESS, this_harness
from zu_backends.kernel.seccomp import Notification, Notifier
from zu_core.bus import EventBus, Recorder
from zu_core.contracts import Event, Exit
from zu_core.events import HostEffectObserved, Payload, payload_of
from zu_core.memory import MemorySink

from .image import write_image

SCRIPT = Path(__file__).resolve().parents[4] / ".ci" / "docker-engine"
KNOWN = (os.environ.get("DOCKER_HOST", ""), "unix:///var/run/docker.sock")
P = TypeVar("P", bound=Payload)


def _answers(address: str) -> bool:
    """An engine accepts connections there; an address with no engine behind it fails tests."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as attempt:
        try:
            attempt.connect(address.removeprefix("unix://"))
        except OSError:
            return False
    return True


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The engine that runs, else one of our own."""
    for known in KNOWN:
        if _answers(known):
            yield known
            return
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("no Docker engine answers, and none can be started (needs root and dockerd)")
    place = tempfile.mkdtemp(prefix="zu-engine-", dir="/var/tmp")
    started = subprocess.run(
        ["sh", str(SCRIPT), "start", place], stdout=subprocess.PIPE, text=True, check=False
    )
    if started.returncode:
        shutil.rmtree(place, ignore_errors=True)
        pytest.skip("dockerd is installed but does not start here")
    yield started.stdout.strip()
    subprocess.run(["sh", str(SCRIPT), "stop", place], check=True)


def _imported(address: str, directory: Path, *, python: bool) -> Iterator[str]:
    tar = directory / "image.tar"
    write_image(tar, python=python)
    name = "zu-test:python" if python else "zu-test:bare"
    with contextlib.closing(sdk.APIClient(base_url=address, version="auto")) as client:
        repository, tag = name.split(":")
        client.import_image_from_file(str(tar), repository=repository, tag=tag)
        yield client.inspect_image(name)["Id"]
        client.remove_image(name, force=True)


@pytest.fixture(scope="session")
def image(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The id of an image with Python."""
    yield from _imported(address, tmp_path_factory.mktemp("python"), python=True)


@pytest.fixture(scope="session")
def bare_image(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The id of an image without Python."""
    yield from _imported(address, tmp_path_factory.mktemp("bare"), python=False)


@pytest.fixture
async def engine(address: str) -> AsyncIterator[Engine]:
    async with await Engine.connect(address) as engine:
        yield engine


@dataclass
class Ran:
    code: int
    out: bytes
    err: bytes
    calls: list[Notification] = field(default_factory=list)


def answer_all(fd: int, calls: list[Notification]) -> None:
    """Let every call through until no process is left that could make one."""
    loop = asyncio.get_running_loop()
    notifier = Notifier(fd)

    def answer() -> None:
        call = None if notifier.ended() else notifier.receive()
        if call is not None:
            calls.append(call)
            notifier.allow(call)
        elif notifier.ended():
            loop.remove_reader(fd)
            notifier.close()

    loop.add_reader(fd, answer)


async def run(jail: DockerJail, *argv: str, text: bytes = b"") -> Ran:
    """Run a program in a bare jail to its end."""
    calls: list[Notification] = []
    process = await jail.run(argv, {"PATH": "/usr/bin:/bin"}, "/workspace", control=False)
    answer_all(process.notify_fd, calls)
    await process.release()
    process.stdin.write(text)
    process.stdin.close()
    out, err = await asyncio.gather(process.stdout.read(), process.stderr.read())
    return Ran((await process.wait()).code, out, err, calls)


class Lab:
    """Opens contained boxes; keeps what they record."""

    def __init__(self, engine: Engine, image: str) -> None:
        self.engine = engine
        self.image = image
        self.events: list[Event] = []
        bus = EventBus(MemorySink())
        bus.subscribe(self.events.append)
        self.recorder = Recorder(bus, trace_id="trace", task_id="task")

    def box(self, spec: Any, **options: Any) -> Any:
        return DockerContainment(self.engine, self.image, **options).box(spec, self.recorder)

    async def run(self, box: DockerBox, *argv: str) -> tuple[Exit, str, str]:
        program = await box.start(argv)
        program.stdin.close()
        out, err = await asyncio.gather(program.stdout.read(), program.stderr.read())
        return await program.wait(), out.decode(), err.decode()

    async def python(self, box: DockerBox, source: str) -> tuple[Exit, str, str]:
        return await self.run(box, "/usr/bin/python3", "-I", "-S", "-c", source)

    def of(self, kind: type[P]) -> list[P]:
        found = [payload_of(event) for event in self.events if event.type == kind.TYPE]
        return [one for one in found if isinstance(one, kind)]

    def effects(self, kind: type) -> list[Any]:
        effects = [fact.effect for fact in self.of(HostEffectObserved)]
        return [one for one in effects if isinstance(one, kind)]


@pytest.fixture
def lab(engine: Engine, image: str) -> Lab:
    return Lab(engine, image)


async def left_behind(engine: Engine, label: str = "") -> list[str]:
    """What the engine still knows of this harness, or with `label`; and directories."""
    label = label or f"{HARNESS}={this_harness()}"
    containers = [one["Names"][0] for one in await engine.containers(label)]
    networks = [one["Name"] for one in await engine.networks(label)]
    volumes = await asyncio.to_thread(engine._client.volumes, filters={"label": label})
    directories = [one for one in os.listdir(tempfile.gettempdir()) if this_harness() in one]
    return [*containers, *networks, *(one["Name"] for one in volumes["Volumes"]), *directories]
