"""`EgressServer`: the sockets of one box's network, served from the harness's loop.

The sockets were opened inside the box's network namespace and belong to it wherever they
are served; this process needs no right in that namespace.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterable, Mapping

from zu_backends.egress.datagrams import DatagramReader, DnsReader, SinkReader
from zu_backends.egress.destination import original_destination
from zu_backends.egress.dns import DnsGate
from zu_backends.egress.flow import Room
from zu_backends.egress.journal import Journal, Observe
from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.names import SyntheticNames
from zu_backends.egress.policy import EgressPolicy
from zu_backends.egress.reception import OriginalDestination, Reception
from zu_backends.egress.roles import Role
from zu_backends.egress.session import Gate, Session
from zu_backends.egress.upstream import Dial, Resolve, Upstream, dial_tcp, resolve_name
from zu_core.hosts import Allowlist

_QUERIES = frozenset((Role.DNS4, Role.DNS6))
_STREAMS = frozenset((Role.PROXY, Role.DNS_TCP, Role.TCP4, Role.TCP6))
# the connection went away before it was accepted, accept(2)
_GONE = frozenset((errno.ECONNABORTED, errno.EINTR, errno.EPROTO, errno.ENETDOWN))
_SHORTAGE = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_SHORTAGE_SECONDS = 0.1
_AT_ONCE = 64  # connections in one turn of the loop


class EgressServer:
    """Proxy, transparent gate, DNS gate and datagram sink of one box.

    Args:
        listeners: open sockets by role; owned by the server from here on.
        policy: what the box may reach.
        observe: told each fact, on the loop, when its outcome is known.
        resolve, dial: how names are looked up and connections made.
        destination: how the destination of a redirected connection is read.
    """

    def __init__(
        self,
        listeners: Mapping[Role, socket.socket],
        policy: EgressPolicy,
        observe: Observe,
        *,
        resolve: Resolve = resolve_name,
        dial: Dial = dial_tcp,
        destination: OriginalDestination = original_destination,
        limits: EgressLimits | None = None,
    ) -> None:
        limits = limits or EgressLimits()
        self._limits = limits
        self._journal = Journal(observe, limits)
        names = SyntheticNames(limits.names)
        upstream = Upstream(policy, limits, resolve, dial)
        self._moved = asyncio.Event()
        room = Room(limits)
        self._gate = gate = Gate(policy, names, limits, self._journal, upstream, self._moved, room)
        self._dns = DnsGate(policy, names, limits)
        self._reception = Reception(gate, self._dns, destination)
        self._listeners = {r: s for r, s in listeners.items() if r in _STREAMS}
        self._readers = [self._reader(r, s) for r, s in listeners.items() if r not in _STREAMS]
        self._stopped = False
        self._sessions: dict[asyncio.Task[None], Session] = {}

    @property
    def active(self) -> int:
        """Open connections."""
        return len(self._sessions)

    @property
    def pending(self) -> int:
        """Connections on which something was tried whose outcome is not reported yet."""
        return sum(session.pending for session in self._sessions.values())

    @property
    def facts(self) -> int:
        """Facts told so far."""
        return self._journal.facts

    @property
    def fault(self) -> str | None:
        """Why facts may be missing; None if all were told. Final after `stop`."""
        return self._journal.fault

    async def start(self) -> None:
        """Begin to serve; returns when every socket is served."""
        for reader in self._readers:
            reader.start()
        for role, listener in self._listeners.items():
            listener.setblocking(False)
            self._listen(role, listener)

    async def stop(self) -> None:
        """Serve what already waits, report every open connection, close everything.

        A second call does nothing.
        """
        if self._stopped:
            return
        self._stopped = True
        for role, listener in self._listeners.items():
            self._check(role, listener)
        for role, listener in self._listeners.items():
            with contextlib.suppress(ValueError):  # the descriptor is closed already
                asyncio.get_running_loop().remove_reader(listener)
            while self._accept(role, listener):
                continue
            listener.close()
        for reader in self._readers:
            reader.stop()
        await self.settle(self._limits.stop_seconds)
        await _cancel(self._sessions)

    async def settle(self, seconds: float) -> None:
        """Return when nothing is pending, or after `seconds`."""
        await asyncio.sleep(0)  # sessions that were just accepted take their first step
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.pending:
                    self._moved.clear()
                    await self._moved.wait()

    def replace_policy(self, policy: EgressPolicy) -> None:
        """Judge by `policy` from here on; what is open and not allowed by it ends with a record.

        A name that the new policy allows at any port keeps its synthetic address.
        """
        for part in (self._gate, self._gate.upstream, self._dns):
            part.policy = policy
        for task, session in self._sessions.items():
            if session.withdrawn():
                task.cancel()

    def withdraw(self) -> None:
        """Allow nothing any more."""
        self.replace_policy(EgressPolicy(Allowlist()))

    def _reader(self, role: Role, sock: socket.socket) -> DatagramReader:
        if role in _QUERIES:
            return DnsReader(role, sock, self._journal, self._dns)
        return SinkReader(role, sock, self._journal, self._limits)

    def _accept(self, role: Role, listener: socket.socket) -> bool:
        """Accept what waits, up to a number; True if there may be more."""
        for _ in range(_AT_ONCE):
            try:
                client, _ = listener.accept()
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno in _GONE:
                    continue
                return self._shortage(role, listener, error)
            self._serve(role, client)
        return True

    def _shortage(self, role: Role, listener: socket.socket, error: OSError) -> bool:
        """Note that connections were not served; try again where that may help."""
        self._journal.fail(f"{role}: {error.strerror}")
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ValueError):  # the descriptor is closed
            loop.remove_reader(listener)
        if error.errno in _SHORTAGE and not self._stopped:
            loop.call_later(_SHORTAGE_SECONDS, self._listen, role, listener)
        return False

    def _listen(self, role: Role, listener: socket.socket) -> None:
        if not self._stopped and listener.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listener, self._accept, role, listener)

    def _check(self, role: Role, listener: socket.socket) -> None:
        """A listener that another part of the process closed served nobody, silently."""
        try:
            listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        except OSError:
            listening = 0
        if not listening:
            self._journal.fail(f"{role}: the listener was lost")

    def _serve(self, role: Role, sock: socket.socket) -> None:
        try:
            if len(self._sessions) >= self._limits.connections:
                self._reception.turn_away(role, sock)
                return
            session = self._reception.session(role, sock)
        except Exception as error:  # noqa: BLE001 - it becomes the fault that is shown
            self._journal.fail(f"{role}: {type(error).__name__}: {error}")
            sock.close()
            return
        task = asyncio.create_task(session.serve(), name=f"egress {role} connection")
        self._sessions[task] = session
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sessions.pop(task, None)
        self._moved.set()


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    waiting = list(tasks)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
