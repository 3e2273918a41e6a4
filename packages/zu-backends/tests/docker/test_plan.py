"""The containers of a box, as they are asked for."""

import pytest

from zu_backends.docker import plan
from zu_core.contracts import Limits

PARTS = plan.Parts(
    box="b",
    image="sha256:image",
    holder_image="sha256:holder",
    uid=4711,
    labels={"zu.box": "b"},
    limits=Limits(),
    mounts=("/opt/tool",),
)
BODIES = {
    "holder": plan.holder(PARTS, "/m"),
    "helper": plan.network_helper(PARTS, "H", "/m", ["/x/zu_backends", "/x/zu_core"]),
    "program": plan.program(PARTS, "H", "/v", "/m"),
    "bare": plan.bare_program(
        PARTS, "H", "/v", ["/bin/tool"], environment={"A": "b"}, cwd="/workspace", seccomp="{}"
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_no_container_has_more_than_it_needs(name):
    body = BODIES[name]
    host = body["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["PidsLimit"] > 0
    assert host["MemorySwap"] == host["Memory"] > 0
    assert body["Labels"] == {"zu.box": "b"}
    assert not {"PortBindings", "Devices", "Binds", "Links", "VolumesFrom"} & set(host)


@pytest.mark.parametrize("name", ["holder", "program", "bare"])
def test_only_the_helper_has_capabilities_and_is_root(name):
    assert BODIES[name]["User"] == "4711:4711"
    assert "CapAdd" not in BODIES[name]["HostConfig"]


def test_the_helper_has_no_more_than_the_network_takes():
    helper = BODIES["helper"]["HostConfig"]
    assert helper["CapAdd"] == ["NET_ADMIN", "NET_BIND_SERVICE", "DAC_OVERRIDE"]
    assert all(mount["ReadOnly"] for mount in helper["Mounts"])


def test_the_network_is_that_of_the_holder_and_that_has_none():
    assert BODIES["holder"]["HostConfig"]["NetworkMode"] == "none"
    for name in ("helper", "program", "bare"):
        assert BODIES[name]["HostConfig"]["NetworkMode"] == "container:H"


@pytest.mark.parametrize("name", ["program", "bare"])
def test_programs_write_the_boxs_own_directories_only(name):
    mounts = BODIES[name]["HostConfig"]["Mounts"]
    writable = {mount["Target"]: mount["Source"] for mount in mounts if not mount["ReadOnly"]}
    assert writable == {
        "/home/tool": "/v/home",
        "/workspace": "/v/work",
        "/tmp": "/v/tmp",
        "/dev/shm": "/v/shm",
    }
    assert {
        "Type": "bind",
        "Source": "/opt/tool",
        "Target": "/opt/tool",
        "ReadOnly": True,
    } in mounts


def test_the_files_are_one_tmpfs_with_a_quota():
    volume = BODIES["holder"]["HostConfig"]["Mounts"][0]["VolumeOptions"]["DriverConfig"]["Options"]
    assert volume["type"] == "tmpfs"
    assert {"nosuid", "nodev", f"size={Limits().disk_bytes}", "uid=4711"} <= set(
        volume["o"].split(",")
    )


def test_images_without_python_run_in_the_holders_processes():
    bare = BODIES["bare"]
    assert bare["HostConfig"]["PidMode"] == "container:H"
    assert bare["Entrypoint"] + bare["Cmd"] == ["/bin/tool"]
    assert "seccomp={}" in bare["HostConfig"]["SecurityOpt"]
