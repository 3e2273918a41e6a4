"""What a target says outside of its answers, into the record and within bounds."""

from typing import Final, Literal

from zu_core.bus import Recorder
from zu_core.events import TargetRequested, TargetSaid

Channel = Literal["stderr", "stdout", "notification"]

_EVENT_TEXT: Final = 64 * 1024
_TAIL: Final = 2 * 1024
_METHOD: Final = 256
_ANSWERED: Final = 1024


class Journal:
    """Records the words of one started program as events with source "target".

    Attributes:
        parent_id: the call that is under way, parent of what is recorded.
        unsolicited: notifications and requests that came so far.

    Args:
        text_limit: characters that are recorded of each channel; a judge can say nothing
            of the rest, so the bound is far above what a sane target says.
        event_limit: events that are recorded of each channel.
    """

    def __init__(
        self, recorder: Recorder, *, text_limit: int = 8 << 20, event_limit: int = 4000
    ) -> None:
        self._recorder = recorder
        self._text_left: dict[str, int] = {}
        self._events_left: dict[str, int] = {}
        self._text_limit = text_limit
        self._event_limit = event_limit
        self._tail = b""
        self.parent_id: str | None = None
        self.unsolicited = 0

    @property
    def stderr_tail(self) -> str:
        """The last words on stderr, at most 2 KiB, bytes that are no UTF-8 escaped."""
        return self._tail.decode("utf-8", "backslashreplace").strip()

    async def said(self, channel: Channel, data: bytes) -> None:
        """Record `data`; once the channel's bound is reached, a note that more came."""
        if channel == "stderr":
            self._tail = (self._tail + data)[-_TAIL:]
        for start in range(0, len(data), _EVENT_TEXT):
            text = data[start : start + _EVENT_TEXT].decode("utf-8", "backslashreplace")
            kept = self._kept(channel, text)
            if kept is None:
                return
            await self._record(TargetSaid(channel=channel, text=kept, truncated=kept != text))

    async def requested(self, method: str, params: str, answered: str) -> None:
        """Record a request of the target and the answer that it got."""
        kept = self._kept("request", params[:_EVENT_TEXT])
        if kept is not None:
            await self._record(
                TargetRequested(
                    method=method[:_METHOD],
                    params=kept,
                    answered=answered[:_ANSWERED],
                    truncated=kept != params or len(method) > _METHOD,
                )
            )

    def _kept(self, channel: str, text: str) -> str | None:
        """Return what may be recorded of `text`; None when the bound was reached before."""
        events = self._events_left.setdefault(channel, self._event_limit)
        room = self._text_left.setdefault(channel, self._text_limit)
        if not events or not room:
            return None
        kept = text[:room]
        self._text_left[channel] = room - len(kept)
        self._events_left[channel] = events - 1
        last = events == 1 or len(kept) < len(text) or room == len(kept)
        return f"{kept}… [more of this channel is not recorded]" if last else kept

    async def _record(self, payload: TargetSaid | TargetRequested) -> None:
        await self._recorder.record(payload, parent_id=self.parent_id, source="target")
