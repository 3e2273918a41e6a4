"""The self-probe: what is tried from inside a box before its target runs, and the judgement.

The other end is `probe.py`, which runs in the very process that becomes the target.
Frames on the control socket are eight hexadecimal digits of length and a body:

1. harness to probe: the code of `probe.py`, as the module `marshal` writes it;
2. harness to probe: one check a line, `name TAB function TAB argument TAB ...`;
3. probe to harness: one result a line, `name TAB outcome TAB detail`;
4. harness to probe, only if every check passed: directory, number of arguments,
   arguments and environment of the target, separated by NUL;
5. probe to harness: nothing and the end of the stream once the target runs, or
   `errno text` where it could not be executed.

Every check has two halves: the attempt must fail, and the monitors concerned must have
seen it. An attempt that nobody saw is as bad as one that got through.
"""

import marshal
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from zu_core.errors import Unavailable
from zu_core.events import (
    CanaryTouched,
    Connected,
    Effect,
    EgressObserved,
    Executed,
    OpenedForWrite,
    ProbeCheck,
)

# Compiled here: in the box it would take a quarter of the probe's time. Code objects are
# for one version of Python only.
LOADER: Final = """import marshal, posix, sys
def read(count):
    data = b""
    while len(data) < count:
        piece = posix.read(int(sys.argv[1]), count - len(data))
        if not piece:
            posix._exit(125)
        data += piece
    return data
if sys.argv[2] != sys.version:
    sys.exit("the harness runs on another Python: " + sys.argv[2])
exec(marshal.loads(read(int(read(8), 16))))
"""

# TEST-NET-3 and the IPv6 documentation prefix belong to nobody (RFC 5737, RFC 3849).
DENIED_V4, DENIED_V6, DENIED_PORT = "203.0.113.77", "2001:db8::77", 4477


@cache
def code() -> bytes:
    """Return the code of `probe.py`, for the first frame."""
    path = Path(__file__).with_name("probe.py")
    compiled = compile(path.read_text(encoding="utf-8"), path.name, "exec", optimize=2)
    return marshal.dumps(compiled)


def loader_argv(python: str, control: int, nonce: str) -> tuple[str, ...]:
    """Return the probe's command line; `nonce` in it must show up in the exec record."""
    return (python, "-I", "-S", "-c", LOADER, str(control), sys.version, nonce)


class Trace(msgspec.Struct, frozen=True):
    """What a monitor must have recorded: some fact of `monitor` that contains `text`.

    With `exact` the fact's text must be `text` and nothing more, as for paths.
    """

    monitor: str
    text: str
    exact: bool = False

    def is_in(self, seen: "Trace") -> bool:
        """Whether `seen` is the fact that this trace asks for."""
        found = self.text == seen.text if self.exact else self.text in seen.text
        return self.monitor == seen.monitor and found


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: function and arguments in `probe.py`, and the traces that it leaves.

    Attributes:
        mechanism: the protection that it proves, as a person would name it.
        silent_if: a detail with which the attempt never left the process, so that no
            monitor can have seen it (no IPv6 in this kernel, for one).
    """

    name: str
    mechanism: str
    function: str
    arguments: tuple[str, ...] = ()
    traces: tuple[Trace, ...] = ()
    silent_if: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the check as `probe.py` reads it."""
        return "\t".join((self.name, self.function, *self.arguments))


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks are made from, all known outside of the box.

    Attributes:
        nonce: fresh random text; it marks everything that this probe does.
        host_files: path, device and inode of files and directories of the host that are
            not mounted in the box.
        abstract_socket: name of a listening abstract socket of the host.
        namespaces: the harness's own, as `readlink /proc/self/ns/*` gives them.
        root_entries: names that may stand in the box's root directory.
        writable: directories that the target may write.
        unwritable: directories that it may not.
        harmless: writable places of the host; devices and setuid files do nothing there.
        canary: path of a planted file in the box, or "" where none is planted.
        rlimits: name without RLIMIT_, value.
        disk_bytes, disk_inodes: size of the writable file system.
        system_calls: name and number of calls that the filter must refuse.
    """

    nonce: str
    host_files: tuple[tuple[str, int, int], ...]
    abstract_socket: str
    namespaces: tuple[str, ...]
    root_entries: tuple[str, ...]
    writable: tuple[str, ...]
    unwritable: tuple[str, ...]
    canary: str
    rlimits: tuple[tuple[str, int], ...]
    disk_bytes: int
    disk_inodes: int
    system_calls: tuple[tuple[str, int], ...]
    harmless: tuple[str, ...] = ()


def checks_for(here: Surroundings, control: int) -> tuple[Check, ...]:
    """Return all checks for a box; `control` is the descriptor of the socket in it."""
    return (
        *_network(here),
        *_files(here),
        *_canary(here),
        *_processes(here, control),
        *_limits(here),
    )


def _files(here: Surroundings) -> tuple[Check, ...]:
    outside = tuple(f"{path.rstrip('/')}/.zu-probe-{here.nonce}" for path in here.unwritable)
    return (
        Check(
            name="host-files",
            mechanism="mount namespace: host files are not there",
            function="host_files",
            arguments=tuple(f"{path}={device}:{node}" for path, device, node in here.host_files),
        ),
        Check(
            name="root-entries",
            mechanism="minimal root: nothing but what the box put there",
            function="root",
            arguments=(",".join(here.root_entries),),
        ),
        Check(
            name="write-outside",
            mechanism="read-only root",
            function="write",
            arguments=(*outside, "/proc/sys/kernel/core_pattern"),
            traces=tuple(Trace("open-write", path, exact=True) for path in outside),
        ),
        *_mount_flags(here),
    )


def _mount_flags(here: Surroundings) -> tuple[Check, ...]:
    if not here.harmless:
        return ()
    return (
        Check(
            name="host-directories",
            mechanism="nosuid and nodev on writable directories of the host",
            function="mount_flags",
            arguments=here.harmless,
        ),
    )


def _canary(here: Surroundings) -> tuple[Check, ...]:
    if not here.canary:
        return ()
    return (
        Check(
            name="canary-watch",
            mechanism="canary monitor",
            function="canary",
            arguments=(here.canary,),
            traces=(Trace("canary", here.canary, exact=True),),
        ),
    )


def _processes(here: Surroundings, control: int) -> tuple[Check, ...]:
    return (
        Check(
            name="exec-watch",
            mechanism="exec monitor",
            function="exec",
            arguments=(here.nonce,),
            traces=(Trace("exec", here.nonce),),
        ),
        Check(
            name="host-process",
            mechanism="pid namespace: host processes are not there",
            function="processes",
        ),
        Check(
            name="namespaces",
            mechanism="own namespaces of every kind",
            function="namespaces",
            arguments=here.namespaces,
        ),
        Check(
            name="parent-environment",
            mechanism="clean environment",
            function="parent_environment",
        ),
        Check(
            name="descriptors",
            mechanism="no inherited descriptors",
            function="descriptors",
            arguments=(str(control),),
        ),
        Check(
            name="no-privileges",
            mechanism="no root, no capabilities, no new privileges",
            function="user",
        ),
        Check(
            name="user-namespace",
            mechanism="no new user namespaces",
            function="user_namespace",
        ),
        Check(
            name="system-calls",
            mechanism="seccomp filter",
            function="system_calls",
            arguments=tuple(f"{name}={number}" for name, number in here.system_calls),
        ),
    )


def _network(here: Surroundings) -> tuple[Check, ...]:
    name = f"{here.nonce}.zu-probe.invalid"
    return (
        Check(
            name="tcp-denied",
            mechanism="network namespace: TCP ends at the proxy",
            function="tcp",
            arguments=(DENIED_V4, str(DENIED_PORT), here.nonce),
            traces=(
                Trace("tcp", f"{DENIED_V4}:{DENIED_PORT} {here.nonce}"),
                Trace("connect", f"{DENIED_V4}:{DENIED_PORT}"),
            ),
        ),
        Check(
            name="tcp6-denied",
            mechanism="network namespace: TCP over IPv6 ends at the proxy",
            function="tcp",
            arguments=(DENIED_V6, str(DENIED_PORT), here.nonce),
            traces=(Trace("tcp", f"{DENIED_V6}:{DENIED_PORT} {here.nonce}"),),
            silent_if=("errno 97", "errno 99", "errno 101"),
        ),
        Check(
            name="udp-denied",
            mechanism="network namespace: datagrams end at the recorder",
            function="udp",
            arguments=(DENIED_V4, str(DENIED_PORT), here.nonce),
            traces=(Trace("udp", f"{DENIED_V4}:{DENIED_PORT} {here.nonce}"),),
        ),
        Check(
            name="dns-denied",
            mechanism="DNS gate: names that are not allowed do not exist",
            function="dns",
            arguments=(DENIED_V4, name),
            traces=(Trace("dns", name),),
        ),
        Check(
            name="abstract-socket",
            mechanism="network namespace: abstract sockets of the host are not there",
            function="abstract_socket",
            arguments=(here.abstract_socket,),
        ),
        Check(
            name="socket-families",
            mechanism="seccomp filter: raw, packet, ping and vsock sockets",
            function="sockets",
        ),
    )


def _limits(here: Surroundings) -> tuple[Check, ...]:
    return (
        Check(
            name="limits",
            mechanism="resource limits of the process",
            function="limits",
            arguments=tuple(f"{name}={value}" for name, value in here.rlimits),
        ),
        Check(
            name="disk",
            mechanism="size limit of the writable file system",
            function="disk",
            arguments=(str(here.disk_bytes), str(here.disk_inodes), *here.writable),
        ),
    )


def trace_of(fact: EgressObserved | Effect) -> Trace | None:  # noqa: PLR0911 - one per kind
    """Return `fact` in the form that `Check.traces` is compared with."""
    match fact:
        case EgressObserved(channel="dns"):
            return Trace("dns", fact.host)
        case EgressObserved():
            sample = fact.sample.decode("utf-8", "backslashreplace")
            return Trace(fact.channel, f"{fact.address}:{fact.port} {sample}")
        case Executed():
            return Trace("exec", "\0".join(fact.argv))
        case Connected():
            return Trace("connect", fact.address.replace("[", "").replace("]", ""))
        case OpenedForWrite():
            return Trace("open-write", fact.path)
        case CanaryTouched():
            return Trace("canary", fact.path)
        case _:
            return None


def unseen(check: Check, seen: Iterable[Trace]) -> tuple[str, ...]:
    """Return the monitors that have not recorded the attempt of `check`."""
    seen = tuple(seen)
    return tuple(
        wanted.monitor for wanted in check.traces if not any(wanted.is_in(one) for one in seen)
    )


def parse_report(checks: Sequence[Check], report: bytes) -> tuple[ProbeCheck, ...]:
    """Return the probe's results, one for each of `checks`; a missing one is "not-run"."""
    lines = (line.split("\t", 2) for line in report.decode("utf-8", "replace").split("\n"))
    found = {line[0]: line[1:] for line in lines if len(line) == 3}
    results = []
    for check in checks:
        outcome, detail = found.get(check.name, ("not-run", "the probe did not report it"))
        results.append(
            ProbeCheck(
                name=check.name,
                mechanism=check.mechanism,
                outcome="held"
                if outcome == "held"
                else "escaped"
                if outcome == "escaped"
                else "not-run",
                detail=detail,
            )
        )
    return tuple(results)


def judge(
    checks: Sequence[Check], results: Sequence[ProbeCheck], seen: Iterable[Trace]
) -> tuple[ProbeCheck, ...]:
    """Return `results` completed by what the monitors missed."""
    seen = tuple(seen)
    return tuple(
        msgspec.structs.replace(
            result, unseen=() if result.detail in check.silent_if else unseen(check, seen)
        )
        for check, result in zip(checks, results, strict=True)
    )


def require(results: Iterable[ProbeCheck]) -> None:
    """Return if every check passed.

    Raises:
        Unavailable: names each mechanism that is missing and what was seen.
    """
    failed = [result for result in results if not result.passed]
    if not failed:
        return
    told = "; ".join(
        f"{one.mechanism} ({one.name}: {one.outcome}{', ' + one.detail if one.detail else ''}"
        f"{', not seen by ' + ', '.join(one.unseen) if one.unseen else ''})"
        for one in failed
    )
    raise Unavailable(
        f"the box does not hold, so nothing was run in it: {told}",
        advice="this machine lacks the mechanism named, or something on it interferes; "
        "run the gate where the self-probe passes",
    )


def leave(argv: Sequence[str], environment: Iterable[tuple[str, str]], cwd: str) -> bytes:
    """Return the frame that lets the probe become `argv`."""
    fields = [cwd, str(len(argv)), *argv, *(f"{name}={value}" for name, value in environment)]
    return b"\0".join(field.encode("utf-8", "surrogateescape") for field in fields)
