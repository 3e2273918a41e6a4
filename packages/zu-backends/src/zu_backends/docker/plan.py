"""What the containers of a box are, as bodies of `POST /containers/create`; pure.

Docker Engine API, version 1.41 and later.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import msgspec

from zu_backends.boxes.plan import WRITABLE, rlimits
from zu_core.contracts import Limits

FILES: Final = "/zu/files"
MEETING: Final = "/zu/meeting"
LIBRARY: Final = "/zu/lib"
ETC_FILES: Final = ("passwd", "group", "nsswitch.conf", "resolv.conf")

PYTHON: Final = "python3"

# A box competes with the harness that watches it: it gets one processor.
NANO_CPUS: Final = 1_000_000_000
# The container runtime's own first process has threads that count, until it executes ours.
ENGINE_THREADS: Final = 32
# What a Python interpreter that waits needs.
HOLDER_BYTES: Final = 64 << 20

_NO_LOG: Final = {"Type": "none", "Config": {}}


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What all containers of one box have in common.

    Attributes:
        box: its id.
        image: id of the image that programs run in.
        holder_image: id of an image with Python; the same unless that has none.
        uid: account of everything in the box, and its group.
        labels: of everything that the engine makes for it.
        mounts: host paths that programs see, read-only, at the same path.
    """

    box: str
    image: str
    holder_image: str
    uid: int
    labels: Mapping[str, str]
    limits: Limits
    mounts: tuple[str, ...] = ()


def shim() -> str:
    """Return the program of the containers' first processes."""
    return (files("zu_backends.docker") / "shim.py").read_text(encoding="utf-8")


def holder(parts: Parts, meeting: str) -> dict[str, Any]:
    """Return the container that holds network and files; it runs no program of the tool."""
    disk = parts.limits
    options = f"nosuid,nodev,size={disk.disk_bytes},nr_inodes={disk.disk_inodes},mode=0755"
    volume = {
        "Type": "volume",
        "Target": FILES,
        "VolumeOptions": {
            "NoCopy": True,
            "Labels": dict(parts.labels),
            "DriverConfig": {
                "Name": "local",
                "Options": {
                    "type": "tmpfs",
                    "device": "tmpfs",
                    "o": f"{options},uid={parts.uid},gid={parts.uid}",
                },
            },
        },
    }
    config = _config(parts, parts.holder_image, _shim_command("hold"))
    config["Hostname"] = "box"
    config["HostConfig"] |= {
        "NetworkMode": "none",
        "Memory": HOLDER_BYTES + disk.disk_bytes,
        "MemorySwap": HOLDER_BYTES + disk.disk_bytes,
        "PidsLimit": ENGINE_THREADS,
        "Mounts": [volume, _bind(meeting, MEETING)],
        # The engine switches IPv6 off where it gives no network.
        "Sysctls": {"net.ipv6.conf.all.disable_ipv6": "0"},
    }
    return config


def network_helper(
    parts: Parts, holder_id: str, meeting: str, packages: Sequence[str]
) -> dict[str, Any]:
    """Return the container that opens the listeners where the harness may not enter the network.

    `packages` are the directories of zu_backends and zu_core. It ends when it has sent them.
    """
    script = f"{LIBRARY}/zu_backends/docker/netns.py"
    command = [PYTHON, "-I", "-S", script, f"{MEETING}/socket", LIBRARY]
    config = _config(parts, parts.holder_image, command)
    config["User"] = "0:0"
    config["HostConfig"] |= {
        "NetworkMode": f"container:{holder_id}",
        # DAC_OVERRIDE: the socket belongs to the box's account.
        "CapAdd": ["NET_ADMIN", "NET_BIND_SERVICE", "DAC_OVERRIDE"],
        "PidsLimit": ENGINE_THREADS,
        "Memory": HOLDER_BYTES,
        "MemorySwap": HOLDER_BYTES,
        "Mounts": [
            _bind(meeting, MEETING),
            *(_bind(path, f"{LIBRARY}/{path.rpartition('/')[2]}") for path in packages),
        ],
    }
    return config


def program(parts: Parts, holder_id: str, place: str, meeting: str) -> dict[str, Any]:
    """Return the container of one program; `place` is where the engine keeps the box's files."""
    config = _config(parts, parts.image, _shim_command("run"))
    config["HostConfig"] |= _program_host(parts, holder_id, place)
    config["HostConfig"]["Mounts"].append(_bind(meeting, MEETING))
    return config


def bare_program(
    parts: Parts,
    holder_id: str,
    place: str,
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: str,
    seccomp: str,
) -> dict[str, Any]:
    """Return the container of a program of an image without Python: no shim, no exec audit.

    It lives in the pid namespace of the holder, so that it ends with it. `seccomp` is the
    text of a profile; output goes by the engine's log.
    """
    config = _config(parts, parts.image, list(argv))
    config["Env"] = [f"{name}={value}" for name, value in environment.items()]
    config["WorkingDir"] = cwd
    config["HostConfig"] |= _program_host(parts, holder_id, place)
    config["HostConfig"] |= {
        "PidMode": f"container:{holder_id}",
        "AutoRemove": False,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": str(parts.limits.output_bytes)}},
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={seccomp}"],
        "Ulimits": [
            {"Name": name.lower(), "Soft": value, "Hard": value}
            for name, value in rlimits(parts.limits)
        ],
    }
    return config


def cgroup_limits(limits: Limits) -> dict[str, int]:
    """Return the engine's limits of a program's container, by their names in its API.

    Both are backstops: RLIMIT_NPROC is the exact limit of processes. Memory lies above
    `Limits.memory_bytes`, which the harness samples and names as the reason: files on the
    box's tmpfs are charged to who writes them.
    """
    memory = limits.memory_bytes + limits.disk_bytes + HOLDER_BYTES
    return {
        "PidsLimit": limits.processes + ENGINE_THREADS,
        "Memory": memory,
        "MemorySwap": memory,
        "NanoCpus": NANO_CPUS,
    }


def _program_host(parts: Parts, holder_id: str, place: str) -> dict[str, Any]:
    writable = [_bind(f"{place}/{name}", path, writable=True) for path, name in WRITABLE]
    etc = [_bind(f"{place}/etc/{name}", f"/etc/{name}") for name in ETC_FILES]
    return {
        "NetworkMode": f"container:{holder_id}",
        "Mounts": [*writable, *etc, *(_bind(path, path) for path in parts.mounts)],
        **cgroup_limits(parts.limits),
    }


def _config(parts: Parts, image: str, command: list[str]) -> dict[str, Any]:
    """Return what every container has: no privileges, nothing writable, gone at its end."""
    return {
        "Image": image,
        "Entrypoint": command[:1],
        "Cmd": command[1:],
        "User": f"{parts.uid}:{parts.uid}",
        "WorkingDir": "/",
        "Env": [],
        "Labels": dict(parts.labels),
        "HostConfig": {
            "AutoRemove": True,
            "CapDrop": ["ALL"],
            "ReadonlyRootfs": True,
            "SecurityOpt": ["no-new-privileges:true"],
            "IpcMode": "none",
            "CgroupnsMode": "private",
            "LogConfig": _NO_LOG,
            "Privileged": False,
            "Init": False,
            "OomScoreAdj": 500,
        },
    }


def _shim_command(mode: str) -> list[str]:
    return [PYTHON, "-I", "-S", "-c", shim(), mode, f"{MEETING}/socket"]


def _bind(source: str, target: str, *, writable: bool = False) -> dict[str, Any]:
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": not writable}
