"""Serves a seccomp listener: records execs, connects and opens for writing.

Each trapped call waits until it is answered, so the facts are complete and in order:
nothing happens before it is recorded. What a call's pointers refer to can be changed by
another thread between our look and the kernel's (seccomp_unotify(2)): a recorded path or
address says what was shown to us. That a call was made can't be hidden.
"""

import os
import select
import threading
from collections.abc import Callable
from typing import Final

from zu_backends.kernel.seccomp import Notification, Notifier
from zu_backends.kernel.syscalls import this_architecture
from zu_backends.monitors.base import Account
from zu_backends.monitors.calls import CallEffect, decode
from zu_backends.monitors.traced import TracedThread
from zu_core.events.box import MonitorReported

MAX_FACTS: Final = 50_000
_STOP_SECONDS: Final = 5.0


class SyscallMonitor:
    """Answers every trapped call from a thread of its own, and records it before.

    A call is let through, with one exception: an exec of a file that is not there is
    answered with ENOENT or ENOTDIR, as the kernel would. So `found=False` means that
    nothing was executed: a program can't put the file in its place after our look.

    Args:
        notify_fd: the listener; this object closes it. Calls that wait then, and all
            later ones, fail with ENOSYS.
        observe: called from the thread, while the call waits.
        max_facts: after so many, calls are answered but not read, and the account is lost.
    """

    name = "syscalls"

    def __init__(
        self,
        notify_fd: int,
        observe: Callable[[CallEffect], None],
        *,
        max_facts: int = MAX_FACTS,
    ) -> None:
        self._notifier = Notifier(notify_fd)
        self._observe = observe
        self._max_facts = max_facts
        self._names = {number: name for name, number in this_architecture().numbers.items()}
        self._account = Account(self.name)
        self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="zu-syscalls", daemon=True)
        self._stopped = False

    def start(self) -> None:
        """Begin to answer; the first exec of the box waits for it."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the listener; a second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        if self._thread.ident is not None:
            os.eventfd_write(self._wake_fd, 1)
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                self._account.lose("the thread that serves the listener does not end")
                return
        self._notifier.close()
        os.close(self._wake_fd)

    def wait_ended(self, seconds: float) -> bool:
        """Wait until no program is left that the filter applies to; False if some are."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def report(self) -> MonitorReported:
        """Complete if every call was read until all programs ended, or until `stop`."""
        return self._account.report()

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001  a thread has no caller; the account says it
            self._account.lose(f"the listener failed: {type(error).__name__}: {error}")
            # Nobody answers any more: calls fail with ENOSYS instead of waiting for ever.
            self._notifier.close()
        self._account.finish()

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._notifier.fileno(), select.POLLIN)
        poll.register(self._wake_fd, select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if self._wake_fd in ready:
                return
            state = ready[self._notifier.fileno()]
            if state & select.POLLIN:
                self._serve_one()
            elif state & select.POLLHUP:
                return
            else:
                raise OSError(f"poll says {state:#x}")

    def _serve_one(self) -> None:
        call = self._notifier.receive()
        if call is None:
            return
        missing = 0
        try:
            missing = self._record(call)
        except Exception as error:  # noqa: BLE001  the call waits for an answer all the same
            self._account.lose(f"a call was not recorded: {type(error).__name__}: {error}")
        if missing:
            self._notifier.fail(call, missing)
        else:
            self._notifier.allow(call)

    def _record(self, call: Notification) -> int:
        """Record a call; return the errno that it is to fail with, or 0."""
        if self._account.facts >= self._max_facts:
            self._account.lose(f"the programs made more than {self._max_facts} recorded calls")
            return 0
        try:
            name = self._names.get(call.number, f"number {call.number}")
            asked = decode(name, call.arguments, TracedThread(call.pid))
        except OSError:
            if not self._notifier.id_valid(call):
                return 0
            raise
        if not self._notifier.id_valid(call):
            # Its thread died or was interrupted: the call was not made. A restarted one
            # comes again. What was read may be of another process with the same number.
            return 0
        self._account.facts += 1
        self._observe(asked.effect)
        return asked.missing
