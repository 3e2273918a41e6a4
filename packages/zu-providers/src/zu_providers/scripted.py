"""A provider whose moves are data: for examples, tests and attackers that need no model."""

from collections.abc import Iterable

import msgspec

from zu_core.errors import ConfigError, Unavailable
from zu_core.ports import ModelRequest, ModelResponse


class ScriptedProvider:
    """Answers each request with the next move of a script, whatever it is asked.

    Attributes:
        requests: what it was asked so far, oldest first.
    """

    def __init__(self, moves: Iterable[ModelResponse]) -> None:
        self._moves = tuple(moves)
        self.requests: list[ModelRequest] = []

    @classmethod
    def from_json(cls, text: str | bytes) -> "ScriptedProvider":
        """Read a JSON array of moves, each with `text` and/or `tool_calls`.

        Raises:
            ConfigError: the text is no such array; says where.
        """
        try:
            return cls(msgspec.json.decode(text, type=list[ModelResponse]))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"the script can't be read: {error}",
                advice='write an array of moves, for example [{"text": "done"}]',
            ) from error

    async def complete(self, request: ModelRequest, /) -> ModelResponse:
        """Return the next move.

        Raises:
            Unavailable: the script has no more moves.
        """
        turn = len(self.requests)
        if turn >= len(self._moves):
            raise Unavailable(
                f"the script has {len(self._moves)} moves and was asked for another",
                advice="end the script with a move that calls no tool",
            )
        self.requests.append(request)
        return self._moves[turn]
