"""DNS over TCP: messages with a length before each (RFC 1035 section 4.2.2, RFC 7766)."""

import asyncio
from typing import ClassVar

from zu_backends.egress.dns import DnsGate
from zu_backends.egress.policy import Refusal
from zu_backends.egress.session import Attempt, Gate, Session
from zu_backends.egress.stream import Stream
from zu_core.events import EgressObserved


class DnsSession(Session):
    """One connection to the DNS gate; each message on it is a fact."""

    left_over: ClassVar[Attempt] = Attempt(channel="dns", port=53, detail="the server stopped")

    def __init__(self, gate: Gate, client: Stream, dns: DnsGate) -> None:
        super().__init__(gate, client, None)
        self._dns = dns

    async def run(self) -> None:
        """Answer queries until the program closes or is too slow."""
        data = b""
        while True:
            try:
                async with asyncio.timeout(self.limits.head_seconds):
                    data, message = await self._message(data)
            except TimeoutError:
                return self._partial(data or self.tally.sample, "too slow")
            if message is None:
                return self._partial(data, "the connection ended within a message")
            reply, fact = self._dns.answer(message)
            self.restart_tally(data)
            self.pending = bool(data)
            self.gate.journal.tell(fact)
            if reply is not None:
                await self._reply(reply)

    async def _reply(self, reply: bytes) -> None:
        async with asyncio.timeout(self.limits.head_seconds):
            await self.client.send(len(reply).to_bytes(2) + reply)

    async def _message(self, data: bytes) -> tuple[bytes, bytes | None]:
        """What is left after the next message, and that message; None at the end."""
        while len(data) < 2 or len(data) < 2 + int.from_bytes(data[:2]):
            more = await self.client.recv(self.limits.chunk_bytes)
            if not more:
                return data, None
            self.pending = True
            data += more
        end = 2 + int.from_bytes(data[:2])
        return data[end:], data[2:end]

    def _partial(self, data: bytes, why: str) -> None:
        """Record octets that never became a message."""
        self.pending = False
        if data:
            self.gate.journal.tell(
                EgressObserved(
                    channel="dns",
                    decision="denied",
                    rule=Refusal.NOT_DNS,
                    port=53,
                    sent=self.tally.sent,
                    sample=self.tally.sample,
                    detail=why,
                )
            )
        self.restart_tally()
