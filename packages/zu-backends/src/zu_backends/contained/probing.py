"""Drives the self-probe of one program: asks, waits for the monitors, judges, gives leave."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence

from zu_backends.boxes import plan
from zu_backends.boxes.bubblewrap import CONTROL_FD, Jail, JailedProcess
from zu_backends.boxes.selfprobe import (
    SOURCE,
    Surroundings,
    checks_for,
    judge,
    leave,
    parse_report,
    unseen,
)
from zu_backends.contained.facts import FactJournal
from zu_backends.contained.surroundings import Bait
from zu_backends.kernel.filters import REFUSED, UNKNOWN
from zu_backends.kernel.syscalls import this_architecture
from zu_core.contracts import BoxSpec, Mount
from zu_core.errors import ConfigError, Unavailable
from zu_core.events import BoxProbed

REPORT_SECONDS = 15.0
TRACE_SECONDS = 2.0
EXECUTE_SECONDS = 15.0
REPORT_BYTES = 1 << 20


def probe_mounts() -> tuple[Mount, ...]:
    """Return what the probe's interpreter needs beyond /usr."""
    prefix = os.path.realpath(sys.base_prefix)
    return (Mount(path=prefix, reason="interpreter of the self-probe"),)


def probe_argv(bait: Bait) -> tuple[str, ...]:
    """Return the probe's command line; the nonce in it must show up on the exec record."""
    python = os.path.join(
        os.path.realpath(sys.base_prefix), "bin", f"python3.{sys.version_info[1]}"
    )
    return (python, "-I", "-S", "-c", SOURCE, str(CONTROL_FD), bait.nonce)


async def probe(
    spec: BoxSpec, jail: Jail, journal: FactJournal, process: JailedProcess, bait: Bait
) -> BoxProbed:
    """Run all checks in `process` and judge them by its report and the monitors' traces.

    Raises:
        Unavailable: the probe could not run.
    """
    started = time.perf_counter()
    checks = checks_for(_surroundings(spec, jail, bait), CONTROL_FD)
    control = _control(process)
    try:
        async with asyncio.timeout(REPORT_SECONDS):
            await _send(control, "\n".join(check.line() for check in checks).encode())
            report = await _receive(control)
    except (TimeoutError, ConnectionError) as error:
        raise Unavailable(
            "the self-probe did not run in the box, so nothing else was run in it "
            f"({error or 'no answer in time'})",
            advice=await _last_words(process),
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
    process: JailedProcess, argv: Sequence[str], environment: Mapping[str, str], cwd: str
) -> None:
    """Let the probe become `argv`; return when the kernel has executed it.

    Raises:
        ConfigError: it can't be executed in the box.
        Unavailable: the box ended.
    """
    control = _control(process)
    try:
        async with asyncio.timeout(EXECUTE_SECONDS):
            await _send(control, leave(argv, environment.items(), cwd))
            refused = await _receive(control, at_end=b"")
    except (TimeoutError, ConnectionError) as error:
        raise Unavailable(f"the program could not be started: {error or 'no answer'}") from error
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
    directories = tuple(path for path in jail.mounts if os.path.isdir(path))
    return Surroundings(
        nonce=bait.nonce,
        host_file=bait.host_file,
        abstract_socket=bait.abstract_socket,
        namespaces=bait.namespaces,
        root_entries=jail.root_entries,
        writable=tuple(jail.paths),
        unwritable=("/", "/usr", "/etc", "/home", "/dev", *directories),
        canary=f"{jail.paths.home}/{canary}" if canary else "",
        rlimits=plan.rlimits(spec.limits),
        disk_bytes=spec.limits.disk_bytes,
        disk_inodes=spec.limits.disk_inodes,
        system_calls=tuple(
            (name, numbers[name]) for name in (*REFUSED, *UNKNOWN) if name in numbers
        ),
    )


def _control(process: JailedProcess) -> socket.socket:
    if process.control is None:
        raise Unavailable("the box has no control socket for its self-probe")
    process.control.setblocking(False)
    return process.control


async def _last_words(process: JailedProcess) -> str:
    """Return what bubblewrap said when it failed."""
    try:
        async with asyncio.timeout(1.0):
            said = await process.stderr.read(2000)
    except TimeoutError:
        return ""
    return said.decode("utf-8", "backslashreplace").strip()


async def _send(control: socket.socket, body: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(control, b"%08x" % len(body) + body)


async def _receive(control: socket.socket, at_end: bytes | None = None) -> bytes:
    """Return the next frame, or `at_end` if the stream ends before it.

    Raises:
        ConnectionError: the stream ends, and there is no `at_end` or it was half a frame.
    """
    head = await _exactly(control, 8)
    if not head and at_end is not None:
        return at_end
    if len(head) < 8 or int(head, 16) > REPORT_BYTES:
        raise ConnectionError("the probe ended")
    body = await _exactly(control, int(head, 16))
    if len(body) < int(head, 16):
        raise ConnectionError("the probe ended in the middle of its report")
    return body


async def _exactly(control: socket.socket, count: int) -> bytes:
    """Return `count` bytes, or less where the stream ends."""
    loop, data = asyncio.get_running_loop(), b""
    while len(data) < count:
        piece = await loop.sock_recv(control, min(count - len(data), 65536))
        if not piece:
            break
        data += piece
    return data
