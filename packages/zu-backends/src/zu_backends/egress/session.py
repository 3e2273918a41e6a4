"""What happens on one accepted connection, and the facts that it becomes.

Every way out of `serve` (an answer, a broken connection, a stop of the server, a fault)
passes the same place, where what has not been reported is reported.
"""

import asyncio
from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from zu_backends.egress.flow import Room
from zu_backends.egress.journal import Journal
from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.names import SyntheticNames
from zu_backends.egress.policy import Allow, Deny, EgressPolicy, Refusal
from zu_backends.egress.stream import Stream, Tally
from zu_backends.egress.upstream import Upstream
from zu_core.events import EgressObserved

_DETAIL = 512  # characters; the sample has the rest


@dataclass(slots=True)
class Gate:
    """What all connections of one box share.

    Attributes:
        policy: the one in force; `EgressServer.replace_policy` sets another.
        moved: set whenever a session is pending no more.
        room: through which tunnels move octets.
    """

    policy: EgressPolicy
    names: SyntheticNames
    limits: EgressLimits
    journal: Journal
    upstream: Upstream
    moved: asyncio.Event
    room: Room


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What a program tries, as far as it is known; the fact lacks only the counts."""

    channel: Literal["tcp", "http", "dns"]
    decision: Literal["allowed", "denied"] = "denied"
    rule: str = Refusal.STOPPED
    host: str = ""
    address: str = ""
    port: int = 0
    detail: str = ""

    def allowed(self, by: Allow) -> "Attempt":
        """This attempt, allowed."""
        host = by.host.canonical if by.host.address is None else ""
        address = self.address if by.host.address is None else by.host.canonical
        return replace(
            self,
            decision="allowed",
            rule=by.rule.text,
            host=host,
            address=address,
            port=by.port or self.port,
        )

    def denied(self, by: Deny) -> "Attempt":
        """This attempt, denied."""
        return replace(self, decision="denied", rule=str(by.rule)).noting(by.reason)

    def towards(self, host: str, port: int) -> "Attempt":
        """This attempt with the host (a name, an address or neither) and port, where given."""
        port = port or self.port
        try:
            return replace(self, address=str(ip_address(host)), port=port)
        except ValueError:
            return replace(self, host=host or self.host, port=port)

    def noting(self, note: str) -> "Attempt":
        """This attempt with one more thing said about it."""
        both = f"{self.detail} ({note})" if self.detail and note else self.detail or note
        return replace(self, detail=both[:_DETAIL])


class Session:
    """One accepted connection.

    Attributes:
        attempt: what it tries now and is not reported yet.
        refused: it ends with a reset, because it was refused or the other side broke.
        live: what `attempt` goes to, while it is allowed.
        left_over: what octets are that were sent after everything that was reported.
    """

    left_over: ClassVar[Attempt] = Attempt(channel="http", detail="the server stopped")

    def __init__(self, gate: Gate, client: Stream, attempt: Attempt | None) -> None:
        self.gate = gate
        self.limits = gate.limits
        self.client = client
        self.attempt = attempt
        self.refused = False
        self.live: Allow | None = None
        self._cut = "the server stopped"
        self._pending = attempt is not None

    @property
    def pending(self) -> bool:
        """Whether the outcome of something that it tried is not reported yet.

        An established tunnel or exchange is not pending: it is reported at its end.
        """
        return self._pending

    @pending.setter
    def pending(self, value: bool) -> None:
        self._pending = value
        if not value:
            self.gate.moved.set()

    async def serve(self) -> None:
        """Run the connection to its end."""
        clean = False
        try:
            await self.run()
            clean = not self.refused
        except OSError as error:
            self._note(str(error))
        except asyncio.CancelledError:
            self._note(self._cut)
            self._look_once_more()
            raise
        except Exception as error:  # noqa: BLE001 - it becomes the fault that the server shows
            self.gate.journal.fail(f"proxy: {type(error).__name__}: {error}")
            self.attempt = (self.attempt or Attempt(channel="tcp")).denied(
                Deny(Refusal.INTERNAL_FAULT, type(error).__name__)
            )
        finally:
            self._close_books()
            if clean:
                self.client.close()
            else:
                self.client.reset()

    def withdrawn(self) -> bool:
        """Whether what it carries is allowed no more; its task is then to be cancelled."""
        if self.live is None:
            return False
        decision = self.gate.policy.decide_host(self.live.host, self.live.port or 0)
        if isinstance(decision, Deny):
            self._cut = f"withdrawn: {decision.reason}"
        return isinstance(decision, Deny)

    async def run(self) -> None:
        """What this kind of connection does; implemented by each kind."""
        raise NotImplementedError

    @property
    def tally(self) -> Tally:
        """What the program sent and got since the last report."""
        if self.client.tally is None:
            self.client.tally = Tally(self.limits.sample_bytes)
        return self.client.tally

    def restart_tally(self, start: bytes = b"") -> None:
        """Count from here; `start` was read already."""
        self.client.tally = Tally(self.limits.sample_bytes, start)

    def report(self, attempt: Attempt, left: bytes = b"") -> None:
        """Tell the fact that `attempt` became; count on from `left`, which it does not cover."""
        self.tally.gave_back(len(left))
        tally = self.tally
        self.restart_tally(left)
        self.attempt = None
        self.live = None
        self.pending = False
        self.gate.journal.tell(
            EgressObserved(
                channel=attempt.channel,
                decision=attempt.decision,
                rule=attempt.rule,
                host=attempt.host,
                address=attempt.address,
                port=attempt.port,
                sent=tally.sent,
                received=tally.received,
                sample=tally.sample,
                detail=attempt.detail,
            )
        )

    def established(self, attempt: Attempt) -> None:
        """`attempt` is allowed and goes on; it is reported when it ends."""
        self.attempt = attempt
        self.pending = False

    async def collect(self) -> None:
        """Read on for a while what a refused program sends: it is evidence, not traffic."""
        try:
            async with asyncio.timeout(self.limits.sample_seconds):
                while self.tally.sent < self.limits.drain_bytes:
                    if not await self.client.recv(self.limits.chunk_bytes):
                        return
        except (TimeoutError, OSError):
            return

    def _note(self, note: str) -> None:
        if self.attempt is not None:
            self.attempt = self.attempt.noting(note)

    def _look_once_more(self) -> None:
        """Take what the program sent and nobody read yet, unless it was allowed to go on."""
        if self.attempt is not None and self.attempt.decision == "allowed":
            return
        self.client.take_waiting(self.limits.drain_bytes)
        if self.attempt is None and self.tally.sent:
            self.attempt = self.left_over

    def _close_books(self) -> None:
        if self.attempt is not None:
            self.report(self.attempt)
