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
    commands = [entry.payload.argv for entry in run.of_type(ProgramStarted)]
    facts = [
        fact
        for fact in run.facts
        if fact.call is None and fact.intent == "start-up" and isinstance(fact.effect, Executed)
    ]
    return frozenset(found for argv in dict.fromkeys(commands) for found in _chain(argv, facts))


def _chain(argv: tuple[str, ...], facts: Iterable[Fact]) -> Iterable[str]:
    """Facts that run `argv`, a tail of it, or the script that such a program is."""
    scripts: dict[int, str] = {}
    for fact in facts:
        executed = fact.effect
        if not isinstance(executed, Executed) or not executed.argv:
            continue
        if _is_tail(executed, argv) or scripts.get(executed.pid, "\0") in executed.argv[1:]:
            scripts[executed.pid] = executed.path
            yield fact.event_id


def _is_tail(executed: Executed, argv: tuple[str, ...]) -> bool:
    """Whether the arguments are the last ones of `argv`, and the program is the one named."""
    size = len(executed.argv)
    if size > len(argv):
        return False
    tail = argv[len(argv) - size :]
    program = {basename(executed.argv[0]), basename(executed.path)}
    return executed.argv[1:] == tail[1:] and basename(tail[0]) in program
