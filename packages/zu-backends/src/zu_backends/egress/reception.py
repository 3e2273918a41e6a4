"""Which session an accepted connection gets."""

import socket
from collections.abc import Callable
from ipaddress import ip_address

from zu_backends.egress.destination import Destination
from zu_backends.egress.dns import DnsGate
from zu_backends.egress.dns_session import DnsSession
from zu_backends.egress.http_session import ProxySession
from zu_backends.egress.policy import Deny, Refusal
from zu_backends.egress.roles import Role
from zu_backends.egress.session import Gate, Session
from zu_backends.egress.stream import Stream, Tally
from zu_backends.egress.transparent_session import RefusedSession, TransparentSession
from zu_core.events import EgressObserved

OriginalDestination = Callable[[socket.socket], Destination]

_REDIRECTED = frozenset((Role.TCP4, Role.TCP6))
_NO_DESTINATION = Deny(Refusal.NO_DESTINATION, "its destination is not known")
_OWN_LISTENER = Deny(Refusal.OWN_LISTENER, "it was made to the gate's own port")


class Reception:
    """Makes sessions, and turns connections away when there is no room."""

    def __init__(self, gate: Gate, dns: DnsGate, destination: OriginalDestination) -> None:
        self._gate = gate
        self._dns = dns
        self._destination = destination

    def session(self, role: Role, sock: socket.socket) -> Session:
        """The session of a connection that came in at `role`."""
        client = Stream(sock, Tally(self._gate.limits.sample_bytes))
        if role is Role.PROXY:
            return ProxySession(self._gate, client)
        if role is Role.DNS_TCP:
            return DnsSession(self._gate, client, self._dns)
        own, wanted = _own(sock), self._wanted(sock)
        if wanted is None:
            return RefusedSession(self._gate, client, own, _NO_DESTINATION)
        if wanted == own:
            return RefusedSession(self._gate, client, own, _OWN_LISTENER)
        return TransparentSession(self._gate, client, wanted)

    def turn_away(self, role: Role, sock: socket.socket) -> None:
        """Take what waits, report, reset: nothing is kept of the connection."""
        limits = self._gate.limits
        client = Stream(sock, Tally(limits.sample_bytes))
        sample = client.take_waiting(limits.sample_bytes)
        wanted = (self._wanted(sock) if role in _REDIRECTED else None) or _own(sock)
        client.reset()
        self._gate.journal.tell(
            EgressObserved(
                channel="dns" if role is Role.DNS_TCP else "tcp",
                decision="denied",
                rule=Refusal.CONNECTIONS,
                host=self._gate.names.name_of(wanted.address) or "",
                address=str(wanted.address),
                port=wanted.port,
                sent=len(sample),
                sample=sample,
                detail=f"more than {limits.connections} connections at once",
            )
        )

    def _wanted(self, sock: socket.socket) -> Destination | None:
        try:
            return self._destination(sock)
        except OSError:  # not redirected, or reset before it was asked
            return None


def _own(sock: socket.socket) -> Destination:
    """The address at which the connection came in."""
    address, port = sock.getsockname()[:2]
    return Destination(ip_address(address), port)
