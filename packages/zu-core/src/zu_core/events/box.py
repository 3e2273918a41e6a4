"""Facts about a box and the programs in it, collected outside of them."""

from typing import ClassVar, Final, Literal

import msgspec

from zu_core.contracts.box import Usage
from zu_core.contracts.limits import Limits
from zu_core.events.base import Payload

BOX_STARTED: Final = "harness.box.started"
BOX_PROBED: Final = "harness.box.probed"
BOX_ENDED: Final = "harness.box.ended"
PROGRAM_STARTED: Final = "harness.program.started"
PROGRAM_ENDED: Final = "harness.program.ended"
CANARY_PLANTED: Final = "harness.canary.planted"
EGRESS_OBSERVED: Final = "harness.egress.observed"
HOST_EFFECT_OBSERVED: Final = "harness.host_effect.observed"
RESOURCE_OBSERVED: Final = "harness.resource.observed"
MONITOR_REPORTED: Final = "harness.monitor.reported"


class BoxStarted(Payload, frozen=True, kw_only=True):
    """A box stands; no program of the target has run in it.

    Attributes:
        backend: which kind of box ("bubblewrap").
        mechanisms: what holds each promise, e.g. ("network: own namespace, loopback
            only", "processes: RLIMIT_NPROC").
        mounts: host paths that are visible in it.
        writable: those of `mounts` that are not read-only. What changes there is in no
            list of changes; that a file was opened for writing is recorded.
    """

    TYPE: ClassVar[str] = BOX_STARTED
    backend: str
    mechanisms: tuple[str, ...]
    mounts: tuple[str, ...]
    limits: Limits
    writable: tuple[str, ...] = ()


class ProbeCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of the self-probe, and whether the monitors saw it.

    Attributes:
        name: e.g. "tcp-denied".
        mechanism: the protection that it proves, in words.
        outcome: "held", "escaped" (the attempt got through), "not-run".
        unseen: monitors that should have recorded the attempt and did not.
    """

    name: str
    mechanism: str
    outcome: Literal["held", "escaped", "not-run"]
    detail: str = ""
    unseen: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the protection held and every monitor concerned saw the attempt."""
        return self.outcome == "held" and not self.unseen


class BoxProbed(Payload, frozen=True, kw_only=True):
    """The self-probe ran inside the very box and process that the target gets."""

    TYPE: ClassVar[str] = BOX_PROBED
    checks: tuple[ProbeCheck, ...]
    elapsed_ms: float = 0.0


class BoxEnded(Payload, frozen=True, kw_only=True):
    """A box is gone: its processes, mounts and namespaces."""

    TYPE: ClassVar[str] = BOX_ENDED
    reason: str = ""


class ProgramStarted(Payload, frozen=True, kw_only=True):
    """A program was started in a box, after its self-probe passed."""

    TYPE: ClassVar[str] = PROGRAM_STARTED
    argv: tuple[str, ...]
    cwd: str


class ProgramEnded(Payload, frozen=True, kw_only=True):
    """A program in a box ended; see `zu_core.contracts.Exit`."""

    TYPE: ClassVar[str] = PROGRAM_ENDED
    code: int
    usage: Usage
    killed_for: str = ""


class CanaryPlanted(Payload, frozen=True, kw_only=True):
    """A false credential lies at `path`; its `secrets` are worth nothing anywhere."""

    TYPE: ClassVar[str] = CANARY_PLANTED
    name: str
    path: str
    secrets: tuple[str, ...]


class EgressObserved(Payload, frozen=True, kw_only=True):
    """The target tried to reach something on a network.

    Attributes:
        channel: "tcp" (any connection), "http" (one request through the proxy),
            "udp" (one datagram), "dns" (one query).
        host: the name asked for, or "" where only an address is known.
        address: the address that the target wanted, or "" for a request by name.
        decision: what the harness did with it.
        rule: the allowlist entry or refusal rule that decided.
        sent: bytes that the target sent; received: bytes that it got.
        sample: the first bytes that it sent.
        detail: query type, request line or error.
    """

    TYPE: ClassVar[str] = EGRESS_OBSERVED
    channel: Literal["tcp", "http", "udp", "dns"]
    decision: Literal["allowed", "denied"]
    rule: str
    host: str = ""
    address: str = ""
    port: int = 0
    sent: int = 0
    received: int = 0
    sample: bytes = b""
    detail: str = ""


class Executed(msgspec.Struct, frozen=True, kw_only=True, tag="exec", tag_field="kind"):
    """A process asked the kernel to execute `path` with `argv`.

    The pids are those of the host. `found` is false where no such file is in the box:
    a search along PATH asks for many.
    """

    path: str
    argv: tuple[str, ...]
    pid: int
    parent_pid: int = 0
    found: bool = True
    truncated: bool = False


class Connected(msgspec.Struct, frozen=True, kw_only=True, tag="connect", tag_field="kind"):
    """A process asked the kernel to connect a socket; `address` is "host:port" or a path."""

    family: str
    address: str
    pid: int


class OpenedForWrite(msgspec.Struct, frozen=True, kw_only=True, tag="open-write", tag_field="kind"):
    """A process asked the kernel to open `path` (as it spelt it) for writing."""

    path: str
    pid: int


class FileChanged(msgspec.Struct, frozen=True, kw_only=True, tag="file", tag_field="kind"):
    """A difference between the box's writable files before and after.

    Attributes:
        path: absolute path in the box.
        change: what happened to it.
        type: kind of file that is there now (before, for a deletion).
        size: bytes now.
        sample: first bytes of a regular file.
    """

    path: str
    change: Literal["created", "changed", "deleted"]
    type: Literal["file", "directory", "symlink", "other"] = "file"
    size: int = 0
    mode: int = 0
    sample: bytes = b""


class CanaryTouched(msgspec.Struct, frozen=True, kw_only=True, tag="canary", tag_field="kind"):
    """A planted credential was opened, read, changed or removed."""

    name: str
    path: str
    access: Literal["opened", "read", "changed", "removed"]


Effect = Executed | Connected | OpenedForWrite | FileChanged | CanaryTouched


class HostEffectObserved(Payload, frozen=True, kw_only=True):
    """The target did something to the system that it runs on."""

    TYPE: ClassVar[str] = HOST_EFFECT_OBSERVED
    effect: Effect


class ResourceObserved(Payload, frozen=True, kw_only=True):
    """A limit was reached.

    Attributes:
        resource: the field of `Limits` that was reached.
        used, limit: in the unit of that field.
    """

    TYPE: ClassVar[str] = RESOURCE_OBSERVED
    resource: str
    used: float
    limit: float
    action: str = ""


class MonitorReported(Payload, frozen=True, kw_only=True):
    """A monitor's account of itself at the end of a box.

    Attributes:
        state: "complete" (it saw all that its source has), "lost" (its source went away
            or it fell behind: its facts are not collected).
        facts: how many it recorded.
    """

    TYPE: ClassVar[str] = MONITOR_REPORTED
    monitor: str
    state: Literal["complete", "lost"]
    facts: int
    reason: str = ""
