"""Reads a conversation along: bytes from the pumps, in the order of the box's facts.

The pumps' threads line chunks up in the journal, between the facts of the monitors; the
event loop parses them there. What a server does after it got a call stands behind that
call in the same line, so it is recorded under it, however late the parsing is.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from zu_backends.contained.facts import FactJournal
from zu_cli.guarding.conversation import Conversation
from zu_cli.guarding.messages import Message, parse_line
from zu_redteam.mcp.lines import Line, LineSplitter, Overlong

LINE_LIMIT: Final = 32 << 20
"""Bytes of one message that is read along; a longer one passes, and the record says so."""

BACKLOG_BYTES: Final = 64 << 20
"""What may wait to be parsed, of one direction; then the pump waits."""

GRACE_SECONDS: Final = 1.0
"""How long after the last answer facts still belong to that call: closed connections are
reported late."""

_Take = Callable[[Message, float], None]


class Reading:
    """The parsing of both directions of one conversation.

    Args:
        attribute: as of `Conversation`.
    """

    def __init__(
        self, journal: FactJournal, attribute: Callable[[str | None], None], *, whole: bool
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._journal = journal
        self._set = attribute
        self._later: asyncio.TimerHandle | None = None
        self._conversation = Conversation(journal, self._attribute, whole=whole)
        self.client = Side(journal, self._conversation, "client", self._conversation.from_client)
        self.server = Side(journal, self._conversation, "server", self._conversation.from_server)

    def close(self) -> None:
        """Read what is left and record what got no answer; the pumps have ended."""
        self._journal.gather()
        self.client.end()
        self.server.end()
        self._conversation.close(time.perf_counter())
        if self._later is not None:
            self._later.cancel()
        self._set(None)

    def _attribute(self, event_id: str | None) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if event_id is None:
            self._later = self._loop.call_later(GRACE_SECONDS, self._set, None)
        else:
            self._set(event_id)


class Side:
    """One direction; a `Tap` of its pump."""

    def __init__(
        self, journal: FactJournal, conversation: Conversation, name: str, take: _Take
    ) -> None:
        self._journal = journal
        self._conversation = conversation
        self._name = name
        self._take = take
        self._splitter = LineSplitter(LINE_LIMIT)
        self._backlog = 0
        self._room = threading.Condition()

    def passing(self, data: bytes) -> None:
        """Line `data` up; from the pump's thread."""
        with self._room:
            while self._backlog > BACKLOG_BYTES:
                self._room.wait()
            self._backlog += len(data)
        self._journal.line_up(partial(self._read, data, time.perf_counter()))

    def passed(self) -> None:
        """See that it is parsed soon: after the write, which matters more."""
        self._journal.wake()

    def end(self) -> None:
        """Read the last line, where it has no end."""
        self._lines(self._splitter.end(), time.perf_counter())

    def _read(self, data: bytes, now: float) -> None:
        self._lines(self._splitter.feed(data), now)
        with self._room:
            self._backlog -= len(data)
            self._room.notify()

    def _lines(self, lines: Sequence[Line | Overlong], now: float) -> None:
        for line in lines:
            if isinstance(line, Overlong):
                self._conversation.skipped(self._name, line.size)
                continue
            for message in parse_line(line.data):
                self._take(message, now)
