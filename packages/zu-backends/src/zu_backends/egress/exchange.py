"""One HTTP request to an upstream server and its answer back, both framed anew by h11.

The request body and the answer move at the same time: a server may answer before it has
read everything. Whatever framing came in, one unambiguous framing goes out.
"""

import asyncio
from dataclasses import dataclass

import h11

from zu_backends.egress.http_answers import response_headers
from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.stream import Stream
from zu_backends.egress.tunnel import Clock
from zu_core.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How an exchange ended.

    Attributes:
        keep: another request may follow on the program's connection.
        answered: the program got the head of an answer.
        error: what went wrong upstream, or "".
        switched: what the server sent after it took up another protocol, or None.
    """

    keep: bool
    answered: bool
    error: str = ""
    switched: bytes | None = None


class Exchange:
    """Carries one request whose head is parsed."""

    def __init__(
        self, client: Stream, server: h11.Connection, upstream: Stream, limits: EgressLimits
    ) -> None:
        self._client = client
        self._server = server
        self._upstream = upstream
        self._limits = limits
        self._out = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.head_bytes)
        self._clock = Clock(limits.idle_seconds)
        self._answered = False
        self._switched: bytes | None = None

    async def run(self, request: h11.Request) -> Exchanged:
        """Send `request` and its body, bring back the answer.

        Raises:
            ProtocolError: the program's body is malformed.
            OSError: the program's connection broke.
        """
        error = ""
        try:
            async with self._clock.timeout:
                await self._both_ways(request)
        except TimeoutError:
            error = f"nothing moved for {self._limits.idle_seconds} s"
        except _UpstreamError as failure:
            error = str(failure)
        finally:
            self._clock.stop()
        keep = not error and self._server.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}
        return Exchanged(keep, self._answered, error, self._switched)

    async def _both_ways(self, request: h11.Request) -> None:
        upload = asyncio.create_task(self._upload(request))
        download = asyncio.create_task(self._download())
        try:
            await asyncio.wait((upload, download), return_when=asyncio.FIRST_COMPLETED)
            if download.done():
                download.result()  # answered: what is left of the body has no reader
                return
            failed = upload.exception()
            if isinstance(failed, ProtocolError) or (
                failed is not None and not isinstance(failed, _UpstreamError)
            ):
                raise failed
            await download  # a server that stops reading may still have answered
        finally:
            upload.cancel()
            download.cancel()
            await asyncio.gather(upload, download, return_exceptions=True)

    async def _upload(self, request: h11.Request) -> None:
        await self._to_upstream(request)
        if self._server.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            await self._client.send(self._server.send(go_on) or b"")
        while True:
            event = self._client_event()
            if isinstance(event, h11.Data):
                await self._to_upstream(h11.Data(data=event.data))
            elif isinstance(event, h11.EndOfMessage):
                await self._to_upstream(h11.EndOfMessage())
                return
            else:
                self._server.receive_data(await self._client.recv(self._limits.chunk_bytes))
                self._clock.touch()

    def _client_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            return self._server.next_event()
        except h11.RemoteProtocolError as error:
            raise ProtocolError(f"request body: {error}") from None

    async def _to_upstream(self, event: h11.Event) -> None:
        data = self._out.send(event)
        try:
            await self._upstream.send(data or b"")
        except OSError as error:
            raise _UpstreamError(str(error)) from error
        self._clock.touch()

    async def _download(self) -> None:
        while True:
            event = await self._upstream_event()
            if isinstance(event, h11.Response):
                self._answered = True
                await self._to_client(
                    h11.Response(
                        status_code=event.status_code,
                        headers=response_headers(event),
                        reason=event.reason,
                    )
                )
            elif isinstance(event, h11.Data):
                await self._to_client(h11.Data(data=event.data))
            elif isinstance(event, h11.EndOfMessage):
                await self._to_client(h11.EndOfMessage())
                return
            elif isinstance(event, h11.InformationalResponse):
                await self._switch(event)
                return

    async def _switch(self, answer: h11.InformationalResponse) -> None:
        """Let the server's 101 through: what follows is of another protocol."""
        headers = [*response_headers(answer), (b"Connection", b"Upgrade")]
        headers += [(name, value) for name, value in answer.headers if name == b"upgrade"]
        await self._to_client(
            h11.InformationalResponse(status_code=101, headers=headers, reason=answer.reason)
        )
        self._answered = True
        self._switched = self._out.trailing_data[0]

    async def _upstream_event(self) -> h11.Event:
        """The next event of the answer; informational answers but 101 end here."""
        while True:
            try:
                event = self._out.next_event()
            except h11.RemoteProtocolError as error:
                raise _UpstreamError(f"malformed answer: {error}") from None
            if isinstance(event, h11.Response | h11.Data | h11.EndOfMessage):
                return event
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    return event
                continue
            if event is not h11.NEED_DATA:
                raise _UpstreamError("the server closed the connection")
            try:
                self._out.receive_data(await self._upstream.recv(self._limits.chunk_bytes))
            except OSError as error:
                raise _UpstreamError(str(error)) from error
            self._clock.touch()

    async def _to_client(self, event: h11.Event) -> None:
        try:
            data = self._server.send(event)
        except h11.LocalProtocolError as error:
            raise _UpstreamError(f"malformed answer: {error}") from None
        await self._client.send(data or b"")
        self._clock.touch()


class _UpstreamError(Exception):
    """The server's side of the exchange failed."""
