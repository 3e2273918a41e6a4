"""Who made what, and what is removed when that one is gone."""

import os
import subprocess

import pytest

from zu_backends.docker.labels import HARNESS, is_abandoned, labels, reap, this_harness

from .conftest import left_behind


def ended_harness() -> str:
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    return this_harness().replace(f":{os.getpid()}:", f":{process.pid}:")


def test_this_process_is_not_abandoned():
    assert not is_abandoned(this_harness())


def test_an_ended_process_is():
    assert is_abandoned(ended_harness())


def test_another_one_of_the_same_number_is():
    assert is_abandoned(this_harness()[:-1] + "x")


def test_one_of_another_boot_is():
    assert is_abandoned("another-boot:1:1:1")


@pytest.mark.parametrize("name", ["", "a", "a:b", "a:b:c", "a:b:1:"])
def test_what_is_no_name_is_left_alone(name):
    assert not is_abandoned(name)


def test_one_of_another_pid_namespace_is_left_alone():
    boot, _space, pid, _start = this_harness().split(":")
    assert not is_abandoned(f"{boot}:1:{pid}:1")


async def test_containers_and_networks_of_ended_harnesses_are_removed(engine, image):
    marks = {HARNESS: ended_harness(), "zu.box": "left"}
    body = {"Image": image, "Cmd": ["/bin/sleep", "100"], "HostConfig": {"NetworkMode": "none"}}
    left = await engine.create(body | {"Labels": marks}, "zu-test-left")
    await engine.start(left)
    await engine.create_network("zu-test-left-net", marks)
    mine = await engine.create(body | {"Labels": labels("mine")}, "zu-test-mine")
    try:
        assert set(await reap(engine)) == {"zu-test-left", "zu-test-left-net"}
        assert "/zu-test-mine" in await left_behind(engine)
        assert await left_behind(engine, "zu.box=left") == []
    finally:
        await engine.remove(mine)
