"""The engine's API: what it gives, and how its failures are told."""

import asyncio

import pytest

from zu_backends.docker import engine as engine_module
from zu_backends.docker.engine import Engine, NotThere
from zu_core.errors import ConfigError, Unavailable


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:2375", "ssh://host", "/var/run/docker.sock"])
async def test_engines_elsewhere_are_refused(address):
    with pytest.raises(ConfigError, match="on this machine"):
        await Engine.connect(address)


async def test_where_none_listens_is_told(tmp_path):
    with pytest.raises(Unavailable, match="no Docker engine answers"):
        await Engine.connect(f"unix://{tmp_path}/none")


async def test_a_missing_extra_is_told(monkeypatch):
    monkeypatch.setattr(engine_module, "docker", None)
    with pytest.raises(Unavailable, match="Python package docker"):
        await Engine.connect()


async def test_what_is_not_there_has_its_own_type(engine):
    with pytest.raises(NotThere, match="No such container"):
        await engine.inspect("zu-test-none")
    await engine.remove("zu-test-none")
    await engine.remove_network("zu-test-none")


async def test_a_refusal_is_told_in_the_engines_words(engine, image):
    with pytest.raises(Unavailable, match="create the container"):
        await engine.create({"Image": image, "HostConfig": {"NetworkMode": "container:x"}}, "a b")


async def test_a_cancelled_call_runs_to_its_end(engine, image):
    """Or a container would be made that nobody knows of."""
    body = {"Image": image, "Cmd": ["/bin/true"], "HostConfig": {"NetworkMode": "none"}}
    call = asyncio.create_task(engine.create(body, "zu-test-cancelled"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await engine.inspect("zu-test-cancelled"))["State"]["Status"] == "created"
    await engine.remove("zu-test-cancelled")
