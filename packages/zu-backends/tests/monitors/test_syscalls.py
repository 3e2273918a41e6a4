import os
import socket
import threading

import pytest
from zu_backends.kernel.seccomp import Notifier
from zu_backends.monitors.syscalls import SyscallMonitor
from zu_core.events.box import Connected, Executed, OpenedForWrite

TRUE = os.path.realpath("/bin/true")


def test_every_transient_exec_is_recorded_with_its_arguments(watched):
    run = watched(
        """
for i in range(200):
    pid = os.posix_spawn("/bin/true", ["true", f"n-{i}", ""], {})
    os.waitpid(pid, 0)
"""
    )
    assert run.run() == 0
    execs = run.of(Executed)
    assert [fact.argv for fact in execs] == [("true", f"n-{i}", "") for i in range(200)]
    assert {fact.path for fact in execs} == {"/bin/true"}
    assert all(fact.found and not fact.truncated for fact in execs)
    assert len({fact.pid for fact in execs}) == 200
    # posix_spawn uses vfork: the child's parent is the program.
    assert {fact.parent_pid for fact in execs} == {run.program.pid}
    report = run.monitor.report()
    assert (report.monitor, report.state, report.facts) == ("syscalls", "complete", 200)
