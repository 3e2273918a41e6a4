"""The self-probe of a box made by Docker: the checks of every box, and where they differ.

LEFT_OUT says which checks of `zu_backends.boxes.selfprobe` do not apply, and why; it goes
into the record with the mechanisms.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from zu_backends.boxes.bubblewrap import CONTROL_FD
from zu_backends.boxes.plan import rlimits
from zu_backends.boxes.selfprobe import (
    Check,
    Surroundings,
    checks_for,
    judge,
    parse_report,
    unseen,
)
from zu_backends.contained.candidate import Candidate
from zu_backends.contained.facts import FactJournal
from zu_backends.contained.frames import receive, send
from zu_backends.contained.probing import REPORT_SECONDS, TRACE_SECONDS
from zu_backends.contained.surroundings import Bait, host_files, own_namespaces
from zu_backends.docker import cgroups, plan
from zu_backends.docker.jail import DockerJail
from zu_backends.kernel.filters import REFUSED, UNKNOWN
from zu_backends.kernel.syscalls import this_architecture
from zu_core.contracts import BoxSpec
from zu_core.errors import Unavailable
from zu_core.events import BoxProbed

LEFT_OUT: Final = (
    ("root-entries", "the root directory is the image's, which its digest fixes"),
    (
        "user namespace",
        "the engine gives none unless it remaps users; instead: an account of the box's own, "
        "no capabilities, no new privileges",
    ),
)

# Of the image's root file system, and the engine's own mounts.
_LAST_WORDS_SECONDS: Final = 1.0
_UNWRITABLE: Final = ("/", "/usr", "/etc", "/home", "/dev", "/zu", plan.MEETING)


def checks_of(here: Surroundings, shared_users: bool) -> tuple[Check, ...]:
    """Return the checks for a box made by Docker; see LEFT_OUT."""
    namespaces = tuple(
        one for one in here.namespaces if not (shared_users and one.startswith("user:"))
    )
    adapted = Surroundings(
        **{name: getattr(here, name) for name in here.__struct_fields__}
        | {"namespaces": namespaces}
    )
    left_out = {name for name, _reason in LEFT_OUT}
    return tuple(one for one in checks_for(adapted, CONTROL_FD) if one.name not in left_out)


async def probe(
    spec: BoxSpec, jail: DockerJail, journal: FactJournal, candidate: Candidate
) -> BoxProbed:
    """Run all checks in the candidate; judge them by its report and the monitors' traces.

    Raises:
        Unavailable: the probe could not run.
    """
    started = time.perf_counter()
    shared = await jail.engine.shares_user_namespace()
    checks = checks_of(surroundings(spec, jail, candidate.bait), shared)
    report = await _report(candidate, checks)

    def all_seen() -> bool:
        return not any(unseen(check, journal.traces) for check in checks)

    results = parse_report(checks, report)
    await journal.wait_for_traces(all_seen, TRACE_SECONDS)
    outside = cgroups.check(candidate.process.pid, plan.cgroup_limits(spec.limits))
    return BoxProbed(
        checks=(*judge(checks, results, journal.traces), outside),
        elapsed_ms=(time.perf_counter() - started) * 1e3,
    )


async def _report(candidate: Candidate, checks: Sequence[Check]) -> bytes:
    control = candidate.control()
    try:
        async with asyncio.timeout(REPORT_SECONDS):
            await send(control, "\n".join(check.line() for check in checks).encode())
            return await receive(control)
    except (TimeoutError, OSError) as error:
        raise Unavailable(
            "the self-probe did not run in the box, so nothing else was run in it: "
            f"{str(error) or 'no answer in time'}",
            advice=await _last_words(candidate)
            or "the image needs python3, 3.10 or later, with the module ctypes",
        ) from error


async def _last_words(candidate: Candidate) -> str:
    """Return what the interpreter said when it failed."""
    try:
        async with asyncio.timeout(_LAST_WORDS_SECONDS):
            said = await candidate.process.stderr.read(2000)
    except TimeoutError:
        return ""
    return said.decode("utf-8", "backslashreplace").strip()


def surroundings(spec: BoxSpec, jail: DockerJail, bait: Bait) -> Surroundings:
    """Return what the checks are made from."""
    canary = next((one.path for one in spec.canaries if one.path), "")
    numbers = this_architecture().numbers
    return Surroundings(
        nonce=bait.nonce,
        host_files=host_files(jail.mounts),
        abstract_socket=bait.abstract_socket,
        namespaces=own_namespaces(),
        root_entries=(),
        writable=tuple(jail.paths),
        unwritable=(*_UNWRITABLE, *jail.mounts),
        canary=f"{jail.paths.home}/{canary}" if canary else "",
        rlimits=rlimits(spec.limits),
        disk_bytes=spec.limits.disk_bytes,
        disk_inodes=spec.limits.disk_inodes,
        system_calls=tuple(
            (name, numbers[name]) for name in (*REFUSED, *UNKNOWN) if name in numbers
        ),
    )
