"""Which executed programs are the target's own start command.

`#!/usr/bin/env python3` and wrappers such as `env`, `nice` or `timeout` make more than one
execve(2) out of one command; those are what the operator asked for, not behaviour of the
target. execve(2) asks for a file along PATH until one is found; the kernel reads `#!` lines
by itself, so an interpreter shows only where `env` searches it.
"""

from collections.abc import Iterable
from posixpath import basename

from zu_core.events import Executed, ProgramStarted
from zu_redteam.verdict.observed import Fact, ObservedRun


def start_commands(run: ObservedRun) -> frozenset[str]:
    """Ids of the facts that are the start of a program which the harness started."""
    starts = run.of_type(ProgramStarted)
    ends = [*(entry.index for entry in starts), len(run.events)]
    found: set[str] = set()
    for start, end in zip(starts, ends[1:], strict=True):
        facts = (fact for fact in run.facts if start.index < fact.index < end)
        found.update(_chain(start.payload.argv, facts))
    return frozenset(found)


def _chain(argv: tuple[str, ...], facts: Iterable[Fact]) -> Iterable[str]:
    """Facts that run `argv`, then a shorter tail of it, or the script that a program is.

    The first is the whole command. Each further one is run by the process of the one
    before, or by its child.
    """
    left, pid, program = len(argv), 0, ""
    for fact in facts:
        executed = fact.effect
        if not isinstance(executed, Executed) or not executed.argv or not executed.found:
            continue
        if pid and pid not in (executed.pid, executed.parent_pid):
            continue
        tail = _tail(executed, argv)
        if tail == len(argv) if not pid else 0 < tail < left:
            left, program = tail, executed.path
        elif program and executed.pid == pid and _interprets(executed, program, argv[-left:]):
            program = ""
        else:
            continue
        pid = executed.pid
        yield fact.event_id


def _tail(executed: Executed, argv: tuple[str, ...]) -> int:
    """How many of the last words of `argv` the command is; 0 where it is none of its tails."""
    size = len(executed.argv)
    tail = argv[-size:]
    programs = {basename(executed.argv[0]), basename(executed.path)}
    whole = len(tail) == size and executed.argv[1:] == tail[1:]
    return size if whole and basename(tail[0]) in programs else 0


def _interprets(executed: Executed, program: str, command: tuple[str, ...]) -> bool:
    """Whether the arguments end with the script `program` and what it was called with."""
    rest = len(command) - 1
    script = executed.argv[1:][-rest - 1 :]
    return (
        len(script) == rest + 1
        and basename(script[0]) == basename(program)
        and script[1:] == command[1:]
    )
