"""Signals go to child processes, so that the signal handlers are those of a real command."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys
from zu_cli.interrupts import run

async def main(interruption):
    try:
        print("ready", flush=True)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("cleaning", flush=True)
        if sys.argv[1] == "stuck":
            await asyncio.Event().wait()
        return 128 + interruption.signum

sys.exit(run(main))
"""


def start(mode):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, mode], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_cancels_and_the_command_cleans_up(signum, code):
    with start("clean") as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signum)
        assert child.stdout.readline() == "cleaning\n"
        assert child.wait(10) == code


def test_the_second_signal_ends_the_process_at_once():
    with start("stuck") as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "cleaning\n"
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
