"""The stages of a run from the target's start to its end."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from zu_core.bus import Recorder
from zu_core.errors import ProtocolError, Unavailable
from zu_core.events import ToolDescription, ToolsListed
from zu_core.ports import Box
from zu_redteam.mcp.conversation import Conversation, CouldNotRun
from zu_redteam.run.caller import Caller
from zu_redteam.run.keeper import Keeper
from zu_redteam.run.options import GateOptions
from zu_redteam.run.progress import Reporter
from zu_redteam.run.selection import Selection
from zu_redteam.run.stages import DidNotRun, Stages
from zu_redteam.run.target import Target

SLOW_CALLS: Final = 2


@dataclass(kw_only=True)
class Attempt:
    """The stages from the target's start on.

    Attributes:
        slow: calls without an answer in time, by tool. A tool with `SLOW_CALLS` of them is
            not called any more; the judge sees those calls and leaves the run open.
    """

    box: Box
    target: Target
    caller: Caller
    recorder: Recorder
    stages: Stages
    reporter: Reporter
    options: GateOptions
    tools: tuple[ToolDescription, ...] = ()
    slow: Counter[str] = field(default_factory=Counter)

    async def open(self) -> None:
        """Start the target and list its tools."""
        async with self.stages.stage("start"):
            await self._start()
            await self._quiet_down()
        async with self.stages.stage("list"):
            self.tools = await self._list("start")

    async def go_on(self, selection: Selection) -> None:
        """Make the calls and look again; a stage that did not run does not end the run."""
        if selection.harmless:
            await self._survive("harmless", lambda: self._harmless(selection.harmless))
            await self._survive("attack", lambda: self._attack(selection), selection.note)
        else:
            for stage in ("harmless", "attack"):
                await self.stages.skip(stage, "the target lists no tools")
        await self._survive("relist", self._relist)
        await self._survive("restart", lambda: self._restart(selection.harmless))
        async with self.stages.stage("settle"):
            await self.box.settle(self.options.last_quiet)
            await self.caller.record_changes()
            await self.target.stop()
            await self.box.settle(self.options.quiet)
            await self.caller.record_changes()

    async def _survive(
        self, name: str, body: Callable[[], Awaitable[None]], note: str = ""
    ) -> None:
        try:
            async with self.stages.stage(name) as noted:
                noted.text = note
                await body()
                noted.text = "; ".join(filter(None, (note, *self._given_up(name))))
                await self._quiet_down()
        except DidNotRun:
            await self._quiet_down()

    def _given_up(self, stage: str) -> list[str]:
        """A sentence for each tool that was left out because it takes too long."""
        if stage not in ("harmless", "attack"):
            return []
        return [
            f"{tool} was not called any more after {calls} calls without an answer in time"
            for tool, calls in self.slow.items()
            if calls >= SLOW_CALLS
        ]

    async def _quiet_down(self) -> None:
        """Let the facts of a stage come in, under the call that was made last."""
        await self.box.settle(self.options.quiet)
        await self.caller.record_changes()
        self.box.attribute(None)
        if self.target.conversation is not None:
            self.target.conversation.attribute(None)

    async def _start(self) -> Conversation:
        try:
            return await self.target.start()
        except CouldNotRun as error:
            raise DidNotRun("\n".join(filter(None, (error.message, error.advice)))) from error

    async def _list(
        self, moment: Literal["start", "after-calls", "restart"]
    ) -> tuple[ToolDescription, ...]:
        conversation = self.target.conversation
        if conversation is None:
            raise DidNotRun("the target is not running")
        try:
            tools = await conversation.list_tools(self.options.patience.call)
        except (Unavailable, ProtocolError) as error:
            raise DidNotRun(str(error)) from error
        await self.recorder.record(
            ToolsListed(
                moment=moment,
                tools=tools,
                server=conversation.server,
                protocol=conversation.protocol,
                instructions=conversation.instructions,
            )
        )
        return tools

    async def _harmless(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> None:
        keeper = Keeper(self.target, self.options)
        for number, (tool, arguments) in enumerate(calls):
            self.reporter.step(number, len(calls))
            if self.slow[tool] >= SLOW_CALLS:
                continue
            conversation = await keeper.conversation()
            answer = await self.caller.harmless(conversation, tool, arguments)
            self.slow[tool] += answer.outcome == "timeout"
            await keeper.look_at(answer)
        self.reporter.step(len(calls), len(calls))

    async def _attack(self, selection: Selection) -> None:
        keeper = Keeper(self.target, self.options)
        deadly: Counter[str] = Counter()
        for number, attack in enumerate(selection.attacks):
            self.reporter.step(number, len(selection.attacks), attack.case)
            if deadly[attack.case] or self.slow[attack.tool] >= SLOW_CALLS:
                continue
            conversation = await keeper.conversation()
            answer = await self.caller.attack(conversation, attack)
            self.slow[attack.tool] += answer.outcome == "timeout" and answer.responsive
            deadly[attack.case] += not await keeper.look_at(answer)
        self.reporter.step(len(selection.attacks), len(selection.attacks))

    async def _relist(self) -> None:
        if self.target.conversation is None:
            await self._start()
        await self._list("after-calls")

    async def _restart(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> None:
        await self._start()
        await self._list("restart")
        first = dict(reversed(calls))
        await self._harmless(list(first.items())[: self.options.top_up])
