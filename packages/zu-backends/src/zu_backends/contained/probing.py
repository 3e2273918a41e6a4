"""Drives the self-probe of one program: asks, waits for the monitors, judges, gives leave."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from typing import Final

from zu_backends.boxes import plan
from zu_backends.boxes.bubblewrap import CONTROL_FD, Jail, JailedProcess
from zu_backends.boxes.selfprobe import (
    Surroundings,
    checks_for,
    judge,
    leave,
    parse_report,
    unseen,
)
from zu_backends.contained.candidate import Candidate
from zu_backends.contained.facts import FactJournal
from zu_backends.contained.frames import receive, send
from zu_backends.contained.surroundings import Bait, host_files, own_namespaces
from zu_backends.kernel.filters import REFUSED, UNKNOWN
from zu_backends.kernel.syscalls import this_architecture
from zu_core.contracts import BoxSpec
from zu_core.errors import ConfigError, Unavailable
from zu_core.events import BoxProbed

REPORT_SECONDS: Final = 15.0
TRACE_SECONDS: Final = 2.0
EXECUTE_SECONDS: Final = 15.0
_LAST_WORDS_SECONDS: Final = 1.0


async def probe(spec: BoxSpec, jail: Jail, journal: FactJournal, candidate: Candidate) -> BoxProbed:
    """Run all checks in the candidate; judge them by its report and the monitors' traces.

    Raises:
        Unavailable: the probe could not run.
    """
    started = time.perf_counter()
    checks = checks_for(_surroundings(spec, jail, candidate.bait), CONTROL_FD)
    control = candidate.control()
    try:
        async with asyncio.timeout(REPORT_SECONDS):
            await send(control, "\n".join(check.line() for check in checks).encode())
            report = await receive(control)
    except (TimeoutError, OSError) as error:
        raise Unavailable(
            "the self-probe did not run in the box, so nothing else was run in it: "
            f"{str(error) or 'no answer in time'}",
            advice=await _last_words(candidate.process),
        ) from error

    def all_seen() -> bool:
        return not any(unseen(check, journal.traces) for check in checks)

    results = parse_report(checks, report)
    await journal.wait_for_traces(all_seen, TRACE_SECONDS)
    return BoxProbed(
        checks=judge(checks, results, journal.traces),
        elapsed_ms=(time.perf_counter() - started) * 1e3,
    )


async def become(
    candidate: Candidate, argv: Sequence[str], environment: Mapping[str, str], cwd: str
) -> None:
    """Let the probe become `argv`; return when the kernel has executed it.

    Raises:
        ConfigError: it can't be executed in the box.
        Unavailable: the box ended.
    """
    control = candidate.control()
    try:
        async with asyncio.timeout(EXECUTE_SECONDS):
            await send(control, leave(argv, environment.items(), cwd))
            refused = await receive(control, at_end=b"")
    except (TimeoutError, OSError) as error:
        raise Unavailable(
            f"the program could not be started: {str(error) or 'no answer'}"
        ) from error
    finally:
        control.close()
    if refused:
        number, _, text = refused.decode("utf-8", "backslashreplace").partition(" ")
        raise ConfigError(
            f"{argv[0]} can't be executed in the box: {text} (errno {number})",
            advice="make it and its interpreter visible there with --mount DIR",
        )


def _surroundings(spec: BoxSpec, jail: Jail, bait: Bait) -> Surroundings:
    canary = next((one.path for one in spec.canaries if one.path), "")
    numbers = this_architecture().numbers
    read_only = (path for path in jail.mounts if path not in jail.writable)
    directories = tuple(path for path in read_only if os.path.isdir(path))
    return Surroundings(
        nonce=bait.nonce,
        host_files=host_files(jail.mounts),
        abstract_socket=bait.abstract_socket,
        namespaces=own_namespaces(),
        root_entries=jail.root_entries,
        writable=tuple(jail.paths),
        unwritable=("/", "/usr", "/etc", "/home", "/dev", *directories),
        harmless=jail.writable,
        canary=f"{jail.paths.home}/{canary}" if canary else "",
        rlimits=plan.rlimits(spec.limits),
        disk_bytes=spec.limits.disk_bytes,
        disk_inodes=spec.limits.disk_inodes,
        system_calls=tuple(
            (name, numbers[name]) for name in (*REFUSED, *UNKNOWN) if name in numbers
        ),
    )


async def _last_words(process: JailedProcess) -> str:
    """Return what bubblewrap or the interpreter said when it failed."""
    try:
        async with asyncio.timeout(_LAST_WORDS_SECONDS):
            said = await process.stderr.read(2000)
    except TimeoutError:
        return ""
    return said.decode("utf-8", "backslashreplace").strip()
