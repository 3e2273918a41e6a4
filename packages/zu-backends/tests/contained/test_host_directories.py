"""Directories of the host in a box: what may be written, as whom, and what does nothing there."""

import os
import signal
from types import SimpleNamespace

import msgspec
import pytest

from zu_backends.boxes import probe
from zu_backends.contained.assembly import UNLISTED
from zu_core.contracts import Mount
from zu_core.events import BoxProbed, BoxStarted, FileChanged, OpenedForWrite

from .conftest import SPEC

OWNER = (12_345, 12_345) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


@pytest.fixture
def directory(tmp_path):
    """A directory of an ordinary account of the host."""
    made = tmp_path / "project"
    made.mkdir()
    (made / "old").write_text("old")
    for path in (made, made / "old"):
        os.chown(path, *OWNER)
    return made


def spec_with(*mounts):
    return msgspec.structs.replace(SPEC, mounts=mounts, account=OWNER)


def writable(path):
    return Mount(path=str(path), reason="test", writable=True)


async def test_what_is_written_there_is_the_hosts_and_belongs_to_its_owner(lab, directory):
    async with lab.box(spec_with(writable(directory))) as box:
        done = await lab.shell(box, f"cat {directory}/old; echo; echo new > {directory}/new; id -u")
        assert done.exit.code == 0, done.err
        await box.record_changes()
    assert done.out.split() == ["old", "1000"]
    assert (directory / "new").read_text() == "new\n"
    assert (directory / "new").stat().st_uid == OWNER[0]
    (started,) = lab.of(BoxStarted)
    assert started.writable == (str(directory),)
    assert UNLISTED.format(path=directory) in started.mechanisms
    assert f"{directory}/new" in [one.path for one in lab.effects(OpenedForWrite)]
    assert not [one for one in lab.effects(FileChanged) if one.path.endswith("/new")]


async def test_setuid_files_and_devices_do_nothing_there(lab, directory):
    async with lab.box(spec_with(writable(directory))) as box:
        done = await lab.shell(box, f"grep ' {directory} ' /proc/self/mountinfo")
    options = done.out.split()[5].split(",")
    assert {"rw", "nosuid", "nodev"} <= set(options)
    checks = {one.name: one for probed in lab.of(BoxProbed) for one in probed.checks}
    assert checks["host-directories"].passed


def test_the_probe_misses_the_flags_where_they_are_not(monkeypatch):
    flags = {"/both": 6, "/nosuid": 2, "/nodev": 4}
    monkeypatch.setattr(
        probe.posix, "statvfs", lambda path: SimpleNamespace(f_flag=flags[path]), raising=True
    )
    assert probe.check_mount_flags("/both") == (True, "")
    assert probe.check_mount_flags("/both", "/nosuid") == (False, "without: /nosuid")
    assert probe.check_mount_flags("/nodev") == (False, "without: /nodev")


async def test_a_link_out_of_it_leads_nowhere(lab, directory, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (directory / "link").symlink_to(tmp_path / "secret")
    async with lab.box(spec_with(writable(directory))) as box:
        done = await lab.shell(box, f"cat {directory}/link {directory}/../secret")
    assert done.exit.code != 0
    assert "secret\n" not in done.out


async def test_read_only_within_writable_stays_read_only_and_the_reverse(lab, directory):
    for name in ("kept", "kept/loose"):
        (directory / name).mkdir()
        os.chown(directory / name, *OWNER)
    mounts = (
        writable(directory),
        Mount(path=f"{directory}/kept", reason="test"),
        writable(directory / "kept" / "loose"),
    )
    script = f"cd {directory}; touch a; touch kept/b; touch kept/loose/c; exit 0"
    async with lab.box(spec_with(*mounts)) as box:
        done = await lab.shell(box, script)
    assert "Read-only" in done.err
    assert sorted(os.listdir(directory)) == ["a", "kept", "old"]
    assert os.listdir(directory / "kept") == ["loose"]
    assert os.listdir(directory / "kept" / "loose") == ["c"]


async def test_a_program_can_start_in_a_directory_of_the_host(lab, directory):
    async with lab.box(spec_with(writable(directory))) as box:
        program = await box.start(["/bin/pwd"], cwd=str(directory))
        assert (await program.stdout.read()).decode().strip() == str(directory)


async def test_a_signal_reaches_the_program_and_its_group(lab):
    script = 'trap "echo term" TERM; trap "echo int; exit 7" INT; echo up; while :; do read x; done'
    async with lab.box() as box:
        program = await box.start(["/bin/sh", "-c", script])
        assert await program.stdout.readline() == b"up\n"
        program.signal(signal.SIGTERM)
        assert await program.stdout.readline() == b"term\n"
        program.signal(signal.SIGINT, group=True)
        assert await program.stdout.readline() == b"int\n"
        assert (await program.wait()).code == 7
        program.signal(signal.SIGTERM)


async def test_a_signal_that_kills_comes_through(lab):
    async with lab.box() as box:
        program = await box.start(["/bin/cat"])
        program.signal(signal.SIGTERM)
        assert (await program.wait()).code == 128 + signal.SIGTERM


async def test_detached_descriptors_carry_all_that_was_and_will_be_written(lab):
    async with lab.box() as box:
        program = await box.start(["/bin/sh", "-c", "echo first; read x; echo $x; echo e >&2"])
        await box.settle()
        taken = await program.detach()
        assert os.write(taken.stdin, b"second\n") == 7
        await program.wait()
        out = taken.stdout_head + os.read(taken.stdout, 100)
        err = taken.stderr_head + os.read(taken.stderr, 100)
        for fd in taken[:3]:
            os.close(fd)
    assert (out, err) == (b"first\nsecond\n", b"e\n")
