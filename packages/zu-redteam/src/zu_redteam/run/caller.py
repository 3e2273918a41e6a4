"""One call: recorded, attributed, made, recorded again, and its facts waited for."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from zu_core.bus import Recorder
from zu_core.events import Expectation, ToolInvoked, ToolReturned
from zu_core.ports import Box
from zu_redteam.corpus.plan import Attack
from zu_redteam.jsonable import canonical, digest, recordable
from zu_redteam.mcp.conversation import Answer, Conversation

_ARGUMENT_TEXT: Final = 4096
_ANSWER_TEXT: Final = 8 << 20
_CHEAP_SECONDS: Final = 0.005


class Caller:
    """Makes calls so that each fact in the record has the call that caused it as parent.

    Args:
        seconds: how long an answer is waited for.
        quiet: how long no fact may come before the call counts as over.
    """

    def __init__(self, box: Box, recorder: Recorder, *, seconds: float, quiet: float) -> None:
        self._box = box
        self._recorder = recorder
        self._seconds = seconds
        self._quiet = quiet
        self._changes_cost = 0.0

    async def harmless(
        self, conversation: Conversation, tool: str, arguments: dict[str, Any]
    ) -> Answer:
        """Make a call that any client might make."""
        return await self._make(
            conversation, ToolInvoked(tool=tool, arguments=_recorded(arguments)), arguments
        )

    async def attack(self, conversation: Conversation, attack: Attack) -> Answer:
        """Make the call or the request of an attack."""
        sent = attack.arguments if attack.params is None else attack.params
        invoked = ToolInvoked(
            tool=attack.tool,
            arguments=_recorded(sent),
            intent="attack",
            case=attack.case,
            marker=attack.marker,
            expects=attack.expects,
        )
        return await self._make(conversation, invoked, sent, attack)

    async def record_changes(self) -> None:
        """Record what the box's files differ in by now; the cost is kept for later calls."""
        started = time.monotonic()
        await self._box.record_changes()
        self._changes_cost = time.monotonic() - started

    async def _make(
        self,
        conversation: Conversation,
        invoked: ToolInvoked,
        sent: dict[str, Any],
        attack: Attack | None = None,
    ) -> Answer:
        event = await self._recorder.record(invoked)
        self._box.attribute(event.event_id)
        conversation.attribute(event.event_id)
        if attack is None or attack.params is None:
            answer = await conversation.call(invoked.tool, sent, self._seconds)
        else:
            answer = await conversation.request(attack.method, sent, self._seconds)
        if answer.outcome == "timeout":
            # A call that waits is no hang; a target that answers nobody else meanwhile is.
            responsive = await conversation.answers(self._seconds)
            answer = replace(answer, responsive=responsive)
        await self._recorder.record(returned(invoked.tool, answer), parent_id=event.event_id)
        await self._box.settle(self._quiet)
        if self._changes_cost <= _CHEAP_SECONDS or _expects_file(invoked.expects):
            await self.record_changes()
        return answer


def returned(tool: str, answer: Answer) -> ToolReturned:
    """Return the record of an answer, cut only beyond what one message can hold."""
    whole = "" if answer.body is None else canonical(answer.body)
    text = recordable(whole[:_ANSWER_TEXT] or answer.head)
    return ToolReturned(
        tool=tool,
        outcome=answer.outcome,
        content=text,
        size=answer.oversize or len(whole.encode("utf-8", "backslashreplace")),
        digest=digest(whole) if whole else "",
        truncated=len(whole) > _ANSWER_TEXT or bool(answer.oversize),
        responsive=answer.responsive,
        elapsed_ms=round(answer.elapsed_ms, 2),
    )


def _recorded(arguments: dict[str, Any]) -> dict[str, Any]:
    recorded: dict[str, Any] = recordable(arguments, text_limit=_ARGUMENT_TEXT)
    return recorded


def _expects_file(expects: Sequence[Expectation]) -> bool:
    return any(one.kind == "file" for one in expects)
