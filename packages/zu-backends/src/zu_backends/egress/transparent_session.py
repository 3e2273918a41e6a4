"""Connections that were redirected to us: programs that know of no proxy."""

import asyncio

from zu_backends.egress.destination import Destination
from zu_backends.egress.http import Refuse, head_length, host_asked
from zu_backends.egress.http_session import HttpSession
from zu_backends.egress.peek import is_http
from zu_backends.egress.policy import Allow, Deny
from zu_backends.egress.session import Attempt, Gate
from zu_backends.egress.stream import Stream
from zu_backends.egress.upstream import Unreachable
from zu_core.hosts import Host


class TransparentSession(HttpSession):
    """One connection to an address of the program's choosing.

    Where the address is synthetic the name behind it is judged, else the address.
    """

    def __init__(self, gate: Gate, client: Stream, destination: Destination) -> None:
        self._destination = destination
        self._name = gate.names.name_of(destination.address)
        attempt = Attempt(
            channel="tcp",
            host=self._name or "",
            address="" if self._name else str(destination.address),
            port=destination.port,
        )
        super().__init__(gate, client, attempt)
        self._attempt = attempt

    async def run(self) -> None:
        """Judge the destination; carry or refuse."""
        decision = self._decide()
        if isinstance(decision, Deny):
            return await self.refuse_connection(decision)
        self.attempt = self._attempt.allowed(decision)
        self.live = decision
        opened = await self.gate.upstream.open(decision)
        if isinstance(opened, Deny):
            return await self.refuse_connection(opened)
        if isinstance(opened, Unreachable):
            self.refused = True
            return self.report(self.attempt.noting(opened.reason))
        upstream = Stream(opened)
        try:
            return await self.tunnel(upstream, decision, self.attempt)
        finally:
            upstream.reset()

    def _decide(self) -> Allow | Deny:
        port = self._destination.port
        if self._name is not None:
            return self.gate.policy.decide_host(Host(name=self._name, address=None), port)
        return self.gate.policy.decide_address(self._destination.address, port)

    async def refuse_connection(self, deny: Deny) -> None:
        """Let the program speak for a while, then reset; HTTP gets an answer in words."""
        self.refused = True
        self.attempt = self._attempt.denied(deny)
        data = await self._listen()
        if not is_http(data):
            return self.report(self.attempt)
        shown = self._attempt.host or host_asked(data)
        refused = Refuse(403, deny, shown, self._attempt.port)
        line = data.partition(b"\n")[0].strip().decode("ascii", "backslashreplace")
        attempt = Attempt(
            channel="http",
            host=shown,
            address=self._attempt.address,
            port=self._attempt.port,
            detail=line,
        )
        return await self.refuse(refused, attempt)

    async def _listen(self) -> bytes:
        """What the program sends until a request head is whole, or for a while."""
        data = b""
        try:
            async with asyncio.timeout(self.limits.sample_seconds):
                while self.tally.sent < self.limits.drain_bytes:
                    more = await self.client.recv(self.limits.chunk_bytes)
                    data += more
                    if not more or (is_http(data) and head_length(data)):
                        break
        except (TimeoutError, OSError):
            return data
        return data


class RefusedSession(TransparentSession):
    """A connection that is refused whatever its destination: there is no room, or none is known."""

    def __init__(self, gate: Gate, client: Stream, destination: Destination, deny: Deny) -> None:
        super().__init__(gate, client, destination)
        self._deny = deny

    async def run(self) -> None:
        """Refuse."""
        await self.refuse_connection(self._deny)
