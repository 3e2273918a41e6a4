"""ZU-NET-1: a jail made by Docker: programs in it, their streams, their end, and what is left."""

import asyncio
import contextlib
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest
import pytest_asyncio

from zu_backends.docker import network
from zu_backends.docker.engine import Engine
from zu_backends.docker.jail import DockerJail
from zu_backends.egress.roles import Role
from zu_core.contracts import Limits, Mount
from zu_core.errors import ConfigError, Unavailable

from .conftest import answer_all, left_behind, run

pytestmark = pytest.mark.asyncio(loop_scope="module")
BYTES = bytes(range(256)) * 4096


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jail(address, image):
    """One for all tests that do not change it."""
    async with await Engine.connect(address) as engine:
        jail = await DockerJail.start(engine, image)
        yield jail
        await jail.close()


async def test_a_program_gets_its_input_and_gives_output_and_code(jail):
    done = await run(jail, "/bin/sh", "-c", "cat; echo bad >&2; exit 7", text=BYTES)
    assert (done.code, done.out, done.err) == (7, BYTES, b"bad\n")


async def test_a_signal_is_told_as_a_shell_tells_it(jail):
    assert (await run(jail, "/bin/sh", "-c", "kill -TERM $$")).code == 143


async def test_programs_share_the_files_and_nothing_else(jail):
    await run(jail, "/bin/sh", "-c", "echo kept > /workspace/a; echo kept > /tmp/b")
    done = await run(jail, "/bin/sh", "-c", "cat /workspace/a /tmp/b; echo x > /usr/x")
    assert done.out == b"kept\nkept\n"
    assert b"Read-only file system" in done.err
    assert os.listdir(f"/proc/self/fd/{jail.root_fd}/work") == ["a"]


async def test_the_files_have_a_quota(engine, image):
    jail = await DockerJail.start(engine, image, limits=Limits(disk_bytes=1 << 20))
    try:
        done = await run(jail, "/bin/sh", "-c", "cat /dev/zero > /tmp/big")
    finally:
        await jail.close()
    assert b"No space left" in done.err


async def test_what_a_program_leaves_running_ends_with_it(jail):
    done = await run(jail, "/bin/sh", "-c", "sleep 1000 & sleep 1000 & exit 0")
    assert done.code == 0
    assert not [pid for pid in os.listdir("/proc") if _runs_as(pid, jail.owner[0], b"sleep")]


def _runs_as(pid: str, uid: int, program: bytes) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, NotADirectoryError):
        if os.stat(f"/proc/{pid}").st_uid == uid:
            return program in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


async def test_a_program_can_be_killed(jail):
    process = await jail.run(["/bin/sleep", "1000"], {}, "/workspace", control=False)
    answer_all(process.notify_fd, [])
    await process.release()
    await process.kill()
    assert (await process.wait()).code == 137


async def test_a_program_that_is_not_there_is_told(jail):
    process = await jail.run(["/bin/nothing"], {}, "/workspace", control=False)
    answer_all(process.notify_fd, [])
    with pytest.raises(Unavailable, match="No such file"):
        await process.release()


async def test_execs_are_notified(jail):
    assert (await run(jail, "/bin/sh", "-c", "/bin/true & /bin/true & wait")).calls


async def test_arguments_that_do_not_fit_a_packet_are_refused(jail):
    with pytest.raises(ConfigError, match="too long"):
        await jail.run(["/bin/true", "x" * (1 << 20)], {}, "/workspace", control=False)


async def test_the_account_has_a_name_and_the_box_its_own_resolver(jail):
    done = await run(jail, "/bin/cat", "/etc/passwd", "/etc/resolv.conf", "/proc/1/environ")
    assert f"tool:x:{jail.owner[0]}".encode() in done.out
    assert done.out.endswith(b"nameserver 127.0.0.1\n")


async def test_a_writable_host_directory_is_refused(engine, image, tmp_path):
    mount = Mount(path=str(tmp_path), reason="test", writable=True)
    with pytest.raises(ConfigError, match="writable"):
        await DockerJail.start(engine, image, mounts=[mount])


async def test_a_mount_is_visible_and_read_only(engine, image, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "file").write_text("seen\n")
    mount = Mount(path=str(tmp_path), reason="test")
    jail = await DockerJail.start(engine, image, mounts=[mount])
    try:
        done = await run(jail, "/bin/sh", "-c", f"cat {tmp_path}/file; echo x > {tmp_path}/new")
    finally:
        await jail.close()
    assert done.out == b"seen\n"
    assert b"Read-only file system" in done.err


async def _by_container(engine, parts, holder_id, _pid):
    return await network.ask_container(engine, parts, holder_id)


@pytest.mark.parametrize("way", [None, _by_container], ids=["setns", "helper-container"])
async def test_every_connection_ends_at_our_listener(engine, image, way):
    """As root by setns, and with nothing but the engine's socket by a container."""
    if way is None and os.geteuid() != 0:
        pytest.skip("setns into the network of a container takes root")
    jail = await DockerJail.start(engine, image, **({"listeners": way} if way else {}))
    try:
        listener = jail.listeners[Role.TCP4]
        listener.setblocking(False)
        program = "import socket\nsocket.create_connection(('203.0.113.9', 4444)).sendall(b'hello')"
        answered = asyncio.get_running_loop().sock_accept(listener)
        done, (sock, _address) = await asyncio.gather(
            run(jail, "/usr/bin/python3", "-I", "-S", "-c", program), answered
        )
        with sock:
            assert sock.recv(9) == b"hello"
        assert done.code == 0, done.err
        assert {Role.PROXY, Role.DNS4, Role.DNS_TCP, Role.UDP4} <= set(jail.listeners)
    finally:
        await jail.close()


async def test_nothing_is_left_after_the_close(address, image):
    before = len(os.listdir("/proc/self/fd"))
    async with await Engine.connect(address) as engine:
        jail = await DockerJail.start(engine, image)
        await run(jail, "/bin/true")
        await jail.close()
        await jail.close()
        assert await left_behind(engine, f"zu.box={jail.parts.box}") == []
    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_start_that_fails_leaves_nothing(engine, bare_image):
    before = await left_behind(engine)
    with pytest.raises(Unavailable, match="python3"):
        await DockerJail.start(engine, bare_image)
    assert await left_behind(engine) == before


HARNESS = textwrap.dedent(
    """
    import asyncio, sys
    from zu_backends.docker.engine import Engine
    from zu_backends.docker.jail import DockerJail

    async def main():
        engine = await Engine.connect(sys.argv[1])
        jail = await DockerJail.start(engine, sys.argv[2])
        process = await jail.run(["/bin/sleep", "1000"], {}, "/workspace", control=False)
        print(jail.parts.box, flush=True)
        await asyncio.sleep(1000)

    asyncio.run(main())
    """
)


async def test_a_killed_harness_leaves_nothing(engine, address, image):
    """No reaper is needed: the first processes end with their sockets, the engine removes."""
    harness = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HARNESS, address, image, stdout=asyncio.subprocess.PIPE
    )
    box = (await harness.stdout.readline()).decode().strip()
    assert box
    assert len(await engine.containers(f"zu.box={box}")) == 2
    harness.send_signal(signal.SIGKILL)
    await harness.wait()
    async with asyncio.timeout(10):
        while await left_behind(engine, f"zu.box={box}"):
            await asyncio.sleep(0.05)
