"""Pipes as streams."""

import asyncio
import os

import pytest

from zu_backends.boxes.pipes import Pipes


async def test_three_pipes_as_streams():
    pipes, (stdin, stdout, stderr) = await Pipes.open(1 << 16, None)
    pipes.stdin.write(b"in")
    await pipes.stdin.drain()
    assert os.read(stdin, 10) == b"in"
    os.write(stdout, b"out\n")
    os.write(stderr, b"err\n")
    assert await pipes.stdout.readline() == b"out\n"
    assert await pipes.stderr.readline() == b"err\n"
    os.close(stdout)
    assert await pipes.stdout.read() == b""
    os.close(stderr)
    pipes.close()
    await asyncio.sleep(0)
    assert os.read(stdin, 10) == b""
    os.close(stdin)


async def test_the_limit_is_that_of_the_reader():
    pipes, theirs = await Pipes.open(100, None)
    os.write(theirs[1], b"x" * 300 + b"\n")
    with pytest.raises(ValueError, match="limit"):
        await pipes.stdout.readline()
    pipes.close()
    for fd in theirs:
        os.close(fd)


async def test_the_owner_can_open_them_again():
    owner = (os.getuid(), os.getgid()) if os.getuid() else (60_999, 60_999)
    pipes, theirs = await Pipes.open(100, owner)
    assert {(os.fstat(fd).st_uid, os.fstat(fd).st_gid) for fd in theirs} == {owner}
    pipes.close()
    for fd in theirs:
        os.close(fd)
