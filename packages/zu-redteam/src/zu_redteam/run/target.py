"""The life of a target in its box: started, talked to, stopped, started again."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from zu_core.bus import Recorder
from zu_core.ports import Box, Program
from zu_redteam.mcp.conversation import Conversation, CouldNotRun, converse
from zu_redteam.mcp.patience import Patience


class Target:
    """One command, run again and again in the same box.

    Args:
        exit_seconds: how long it may take to end by itself after its input was closed.
    """

    def __init__(
        self,
        box: Box,
        argv: Sequence[str],
        recorder: Recorder,
        *,
        patience: Patience,
        output_limit: int,
        exit_seconds: float,
    ) -> None:
        self._box = box
        self._argv = tuple(argv)
        self._recorder = recorder
        self._patience = patience
        self._output_limit = output_limit
        self._exit_seconds = exit_seconds
        self._discover = True
        self._stack = AsyncExitStack()
        self._conversation: Conversation | None = None

    @property
    def conversation(self) -> Conversation | None:
        """The conversation with the program that runs, None where none does."""
        open_ = self._conversation is not None and not self._conversation.closed
        return self._conversation if open_ else None

    async def start(self) -> Conversation:
        """Start the command and agree on a protocol.

        Where it goes away at the discovery of the newer protocol, it is started once more
        without; so is it ever after.

        Raises:
            CouldNotRun: it does not speak the protocol.
            Unavailable, ConfigError: the box did not start it.
        """
        await self.stop()
        try:
            return await self._begin()
        except CouldNotRun as error:
            if not (error.closed and self._discover):
                raise
        self._discover = False
        return await self._begin()

    async def stop(self) -> None:
        """End the program, gently first; a second call does nothing."""
        stack, self._stack, self._conversation = self._stack, AsyncExitStack(), None
        await stack.aclose()

    async def _begin(self) -> Conversation:
        program = await self._box.start(self._argv)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(program.kill)
            conversation = await stack.enter_async_context(
                converse(
                    program,
                    self._recorder,
                    self._patience,
                    output_limit=self._output_limit,
                    discover=self._discover,
                )
            )
            # Ended while its output is still read: a full pipe would keep it from ending.
            stack.push_async_callback(self._end, program)
            self._stack = stack.pop_all()
        self._conversation = conversation
        return conversation

    async def _end(self, program: Program) -> None:
        program.stdin.close()
        try:
            async with asyncio.timeout(self._exit_seconds):
                await program.wait()
        except TimeoutError:
            await program.kill()
