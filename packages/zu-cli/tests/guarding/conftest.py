"""Whole runs of `zu guard`, in processes of their own and in real boxes."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zu_backends.sinks.sqlite import SqliteSink
from zu_core.events import payload_of

SERVER = str(Path(__file__).parents[1] / "servers" / "plain.py")
PYTHON = "/usr/bin/python3"


def _heed_signals():
    """Undo what nohup and background jobs of a shell leave: a guard keeps ignored what is."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)


class Guard:
    """Runs commands under `zu guard`; keeps their log in one file."""

    def __init__(self, directory):
        self.directory = directory
        self.log = directory / "log.db"

    def words(self, *words, flags=()):
        own = [sys.executable, "-m", "zu_cli", "guard", "--log", str(self.log)]
        return [*own, *map(str, flags), "--", *map(str, words)]

    def run(self, *words, flags=(), text=b"", **options):
        return subprocess.run(
            self.words(*words, flags=flags),
            input=text,
            capture_output=True,
            check=False,
            timeout=60,
            cwd=self.directory,
            **options,
        )

    @contextlib.contextmanager
    def start(self, *words, flags=(), **options):
        """Start a guard that is ended with the block, whatever happens in it."""
        with subprocess.Popen(
            self.words(*words, flags=flags),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.directory,
            preexec_fn=_heed_signals,  # noqa: PLW1509 - this process has one thread
            **options,
        ) as child:
            try:
                yield child
            finally:
                child.kill()

    def events(self):
        async def read():
            async with SqliteSink(self.log) as sink:
                await sink.verify()
                return [one.event async for one in sink.stream()]

        return asyncio.run(read())

    def of(self, kind):
        return [(one, payload_of(one)) for one in self.events() if one.type == kind.TYPE]


@pytest.fixture
def guard(tmp_path):
    return Guard(tmp_path)
