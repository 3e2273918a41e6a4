"""Connections that speak HTTP to us: to the proxy, or within what they take for a tunnel."""

import asyncio
from collections.abc import Callable

import h11
from msgspec.structs import replace

from zu_backends.egress.exchange import Exchange, Exchanged
from zu_backends.egress.http import (
    Forward,
    Refuse,
    check_head,
    head_length,
    judge_connect,
    judge_origin_request,
    judge_proxy_request,
    request_head,
)
from zu_backends.egress.http_answers import answer, refusal
from zu_backends.egress.http_connect import connect_head, is_connect
from zu_backends.egress.pauses import Pauses
from zu_backends.egress.peek import Pass, Verdict, judge_first_octets
from zu_backends.egress.policy import Allow, Deny, Refusal
from zu_backends.egress.session import Attempt, Gate, Session
from zu_backends.egress.stream import Stream
from zu_backends.egress.tunnel import Ended, HttpInside, relay
from zu_backends.egress.upstream import Unreachable
from zu_core.errors import ProtocolError

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_Judge = Callable[[h11.Request], Forward | Refuse]


class HttpSession(Session):
    """Serves requests one after another; each is judged, none inherits a decision.

    Attributes:
        takes_connect: it may become a tunnel; within one it may not.
    """

    takes_connect = False

    async def serve_requests(
        self, judge: _Judge, template: Attempt, data: bytes = b"", upstream: Stream | None = None
    ) -> None:
        """Serve until the connection ends.

        Args:
            template: what is known of every request before it is read.
            data: octets that were read already.
            upstream: a connection to use for the first request; owned by the caller.
        """
        self.restart_tally(data)
        while True:
            try:
                head = await self._read_head(data, template)
            except TimeoutError:
                reason = f"the request head was not complete in {self.limits.head_seconds} s"
                return await self.refuse(Refuse(408, Deny(Refusal.TIMEOUT, reason)), template)
            except ProtocolError as error:
                return await self.refuse(_malformed(error), template)
            if head is None:
                return None
            left = await self._serve_one(judge, template, *head, upstream)
            if left is None:
                return None
            data, upstream = left, None

    async def _read_head(self, data: bytes, template: Attempt) -> tuple[bytes, bytes] | None:
        """The next request head and what came after it; None if there is no next request.

        Raises:
            TimeoutError: it began and did not end.
            ProtocolError: it is too long, or the program stopped within it.
        """
        if not data:
            data = await self._first_octets()
        if not data:
            return None
        self.attempt = template
        self.pending = True
        length = head_length(data)
        if length is None:
            async with asyncio.timeout(self.limits.head_seconds):
                data, length = await self._rest_of_head(data)
        return data[:length], data[length:]

    async def _rest_of_head(self, data: bytes) -> tuple[bytes, int]:
        """Read until the head that begins with `data` is whole; return it with its length."""
        pauses = Pauses(self.limits)
        while (length := head_length(data)) is None:
            if len(data) > self.limits.head_bytes:
                raise ProtocolError(f"a request head of more than {self.limits.head_bytes} octets")
            await asyncio.sleep(pauses.next())
            more = await self.client.recv(self.limits.chunk_bytes)
            if not more:
                raise ProtocolError("the connection ended within a request head")
            data += more
        return data, length

    async def _first_octets(self) -> bytes:
        data = self.client.recv_now(self.limits.chunk_bytes)
        if data is not None:
            return data
        try:
            async with asyncio.timeout(self.limits.idle_seconds):
                return await self.client.recv(self.limits.chunk_bytes)
        except TimeoutError:
            return b""

    async def _serve_one(
        self, judge: _Judge, template: Attempt, head: bytes, rest: bytes, upstream: Stream | None
    ) -> bytes | None:
        """Serve one request; what came after it, or None if the connection is over."""
        attempt = replace(template, detail=_request_line(head))
        try:
            if self.takes_connect and is_connect(head):
                await self._serve_connect(head, attempt, rest)
                return None
            connection, request = request_head(head, self.limits)
        except ProtocolError as error:
            await self.refuse(_malformed(error), attempt)
            return None
        judged = judge(request)
        if isinstance(judged, Refuse):
            await self.refuse(judged, attempt)
        else:
            attempt = attempt.allowed(judged.allowed)
            if rest:
                connection.receive_data(rest)
            return await self._forward(judged, attempt, connection, upstream)
        return None

    async def _serve_connect(self, head: bytes, attempt: Attempt, rest: bytes) -> None:
        judged = judge_connect(connect_head(check_head(head, self.limits)), self.gate.policy)
        if isinstance(judged, Refuse):
            await self.refuse(judged, attempt)
        else:
            await self._connect(judged.allowed, attempt.allowed(judged.allowed), rest)

    async def refuse(self, refused: Refuse, attempt: Attempt) -> None:
        """Say what was refused and why, read on for a while, report."""
        self.attempt = attempt.denied(refused.deny).towards(refused.host, refused.port)
        self.pending = True
        await self._say(refusal(refused))
        self.client.finish()
        await self.collect()
        self.report(self.attempt)
        self.client.close()

    async def _say(self, data: bytes) -> None:
        """Send a short answer to a program that may not read it."""
        try:
            async with asyncio.timeout(self.limits.sample_seconds):
                await self.client.send(data)
        except (TimeoutError, OSError):
            return

    async def _connect(self, allowed: Allow, attempt: Attempt, rest: bytes) -> None:
        upstream = await self._open(allowed, attempt)
        if upstream is None:
            return
        try:
            await self.client.send(_ESTABLISHED)
            self.restart_tally(rest)
            self.client.push_back(rest)
            await self.tunnel(upstream, allowed, attempt)
        finally:
            upstream.reset()

    async def _open(self, allowed: Allow, attempt: Attempt) -> Stream | None:
        """A connection to what is allowed; None if the program was told why there is none."""
        self.attempt = attempt
        self.live = allowed
        opened = await self.gate.upstream.open(allowed)
        if isinstance(opened, Deny):
            host, port = allowed.host.canonical, allowed.port or 0
            await self.refuse(Refuse(403, opened, host, port), attempt)
        elif isinstance(opened, Unreachable):
            await self._unreachable(opened.reason, attempt)
        else:
            return Stream(opened)
        return None

    async def _unreachable(self, reason: str, attempt: Attempt) -> None:
        await self._say(answer(502, "destination_unavailable", [f"zu: {reason}"]))
        self.report(attempt.noting(reason))
        await self._linger()

    async def _forward(
        self,
        forward: Forward,
        attempt: Attempt,
        connection: h11.Connection,
        upstream: Stream | None,
    ) -> bytes | None:
        """Carry one exchange; what came after the request, or None if that was the last."""
        stream = upstream or await self._open(forward.allowed, attempt)
        if stream is None:
            return None
        self.established(attempt)
        self.live = forward.allowed
        exchange = Exchange(self.client, connection, stream, self.limits)
        try:
            done = await exchange.run(forward.request)
            if done.switched is not None:
                self.client.push_back(connection.trailing_data[0])
                await self._switched(stream, done.switched, attempt)
                return None
        except ProtocolError as error:
            await self.refuse(_malformed(error), attempt)
            return None
        finally:
            stream.reset()
        return await self._after(done, attempt, connection)

    async def _switched(self, upstream: Stream, first: bytes, attempt: Attempt) -> None:
        """Carry what follows a 101; it belongs to the request that was judged."""
        await self.client.send(first)
        outcome = await relay(self.client, upstream, lambda *_: Pass(), self.limits, self.gate.room)
        self._end_tunnel(outcome if isinstance(outcome, Ended) else Ended(), upstream, attempt)

    async def _after(
        self, done: Exchanged, attempt: Attempt, connection: h11.Connection
    ) -> bytes | None:
        if done.error and not done.answered:
            await self._unreachable(done.error, attempt)
            return None
        left = connection.trailing_data[0] if done.keep else b""
        self.report(attempt.noting(done.error), left)
        if done.keep:
            return left
        if done.error:
            self.refused = True  # an answer that broke off must not look complete
        else:
            await self._linger()
        return None

    async def _linger(self) -> None:
        """Close after the program had time to read the answer (RFC 9112 section 9.6)."""
        self.client.finish()
        await self.collect()
        self.client.close()

    async def tunnel(self, upstream: Stream, allowed: Allow, attempt: Attempt) -> None:
        """Carry octets to what is allowed; HTTP in them is served as HTTP."""
        self.takes_connect = False
        self.established(attempt)

        def judge(data: bytes, last: bool) -> Verdict:
            return judge_first_octets(data, allowed, self.gate.policy, self.limits, last=last)

        outcome = await relay(self.client, upstream, judge, self.limits, self.gate.room)
        if isinstance(outcome, HttpInside):
            await self._http_inside(outcome.data, upstream, allowed, attempt)
        elif isinstance(outcome, Deny):
            self.refused = True
            self.attempt = attempt.denied(outcome)
            self.pending = True
            await self.collect()
            self.report(self.attempt)
        else:
            self._end_tunnel(outcome, upstream, attempt)

    def _end_tunnel(self, ended: Ended, upstream: Stream, attempt: Attempt) -> None:
        self.report(attempt.noting(ended.reason))
        self.refused = bool(ended.reason)  # what broke on one side is reset on the other
        if not ended.reason:
            upstream.close()

    async def _http_inside(
        self, data: bytes, upstream: Stream, allowed: Allow, attempt: Attempt
    ) -> None:
        if attempt.channel == "http":  # the CONNECT; its requests are facts of their own
            self.restart_tally()
            self.report(attempt)

        def judge(request: h11.Request) -> Forward | Refuse:
            # the policy may be another one than when the connection was made
            still = self.gate.policy.decide_host(allowed.host, allowed.port or 0)
            if isinstance(still, Deny):
                return Refuse(403, still, allowed.host.canonical, allowed.port or 0)
            return judge_origin_request(request, self.gate.policy, still)

        template = Attempt(
            channel="http", host=attempt.host, address=attempt.address, port=attempt.port
        )
        await self.serve_requests(judge, template, data, upstream)


class ProxySession(HttpSession):
    """A connection to the proxy's own address."""

    takes_connect = True

    def __init__(self, gate: Gate, client: Stream) -> None:
        super().__init__(gate, client, None)

    async def run(self) -> None:
        """Serve requests to a proxy."""

        def judge(request: h11.Request) -> Forward | Refuse:
            return judge_proxy_request(request, self.gate.policy)

        await self.serve_requests(judge, Attempt(channel="http"))


def _malformed(error: ProtocolError) -> Refuse:
    return Refuse(400, Deny(Refusal.MALFORMED_REQUEST, error.message))


def _request_line(head: bytes) -> str:
    return head.partition(b"\n")[0].strip().decode("ascii", "backslashreplace")
