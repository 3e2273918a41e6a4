"""Keeps a target running while calls are made on it."""

from zu_redteam.mcp.conversation import Answer, Conversation, CouldNotRun
from zu_redteam.run.options import GateOptions
from zu_redteam.run.stages import DidNotRun
from zu_redteam.run.target import Target


class Keeper:
    """Keeps a target running through a stage, within bounds."""

    def __init__(self, target: Target, options: GateOptions) -> None:
        self._target = target
        self._restarts = options.restarts
        self._timeouts = options.timeouts
        self._options = options

    async def conversation(self) -> Conversation:
        """Return the conversation, after a new start where the target went away."""
        running = self._target.conversation
        if running is not None:
            return running
        if not self._restarts:
            raise DidNotRun(f"the target went away again after {self._options.restarts} new starts")
        self._restarts -= 1
        try:
            return await self._target.start()
        except CouldNotRun as error:
            raise DidNotRun(f"the target did not start again: {error}") from error

    async def look_at(self, answer: Answer) -> bool:
        """Return whether the target lives on after `answer`; end one that hangs."""
        if answer.outcome == "timeout":
            self._timeouts -= 1
            if self._timeouts < 0:
                raise DidNotRun(
                    f"{self._options.timeouts + 1} calls had no answer "
                    f"within {self._options.patience.call:g} s"
                )
            if not answer.responsive:
                await self._target.stop()
        return self._target.conversation is not None
