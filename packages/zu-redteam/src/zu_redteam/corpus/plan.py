"""Which attacks are made on a tool, in which order, within a budget of calls."""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import quote

import msgspec

from zu_core.events import Expectation, ToolDescription
from zu_redteam.calls.generate import Generator
from zu_redteam.calls.slots import Slot, find_slots, place
from zu_redteam.calls.words import snake
from zu_redteam.corpus.case import CorpusCase, Payload
from zu_redteam.corpus.render import Missing, Renderer
from zu_redteam.corpus.setting import Setting

_WRONG: Final[dict[str, Any]] = {
    "string": 12345, "integer": "twelve", "number": [1], "boolean": "maybe",
    "array": {"0": "x"}, "object": "x", "": 1.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attack:
    """One request of the attack stage, ready to be sent.

    Attributes:
        tool: name of the tool; of the method, where `method` is not "tools/call".
        params: of the request; `arguments` for a call of a tool.
    """

    case: str
    tool: str
    arguments: dict[str, Any]
    marker: str
    expects: tuple[Expectation, ...]
    method: str = "tools/call"
    params: dict[str, Any] | None = None


def plan_attacks(
    tool: ToolDescription, cases: Sequence[CorpusCase], setting: Setting
) -> tuple[Attack, ...]:
    """Return all attacks on `tool`, ranked: a prefix of any length is the best of that length.

    First each case with its first payload in the parameter that suits it best, then each
    case again, in the next parameter or with the next payload.
    """
    planner = _Planner(tool, setting)
    rounds = zip_longest(*(list(planner.of_case(case)) for case in cases))
    return tuple(attack for each in rounds for attack in each if attack is not None)


def plan_protocol(cases: Sequence[CorpusCase], setting: Setting, tool: str) -> tuple[Attack, ...]:
    """Return the requests that break the protocol; `tool` is a tool that exists."""
    return tuple(
        attack
        for case in cases
        if case.delivery == "protocol"
        for number, payload in enumerate(case.payloads)
        if (attack := _protocol(case, payload, setting, tool, number)) is not None
    )


class _Planner:
    """Makes the attacks on one tool."""

    def __init__(self, tool: ToolDescription, setting: Setting) -> None:
        self._tool = tool.name
        self._setting = setting
        self._slots = find_slots(tool.input_schema)
        self._generator = Generator(tool.input_schema, setting.places, setting.seed)

    def of_case(self, case: CorpusCase) -> Iterator[Attack]:
        """Yield the attacks of one case, the best first."""
        if case.delivery == "argument":
            # Slots and payloads are paired diagonally: both vary from the start.
            fitting, payloads = _ranked(case, self._slots), len(case.payloads)
            for total in range(len(fitting) + payloads - 1):
                for index in range(max(0, total - payloads + 1), min(total + 1, len(fitting))):
                    attack = self._argument(case, total - index, fitting[index])
                    if attack is not None:
                        yield attack
        elif case.delivery == "shape":
            for payload in case.payloads:
                yield self._shape(case, payload)

    def _argument(self, case: CorpusCase, number: int, slot: Slot) -> Attack | None:
        harmless = self._generator.value(slot.schemas[-1], slot.name)
        word = harmless if isinstance(harmless, str) else ""
        renderer = Renderer(self._setting, (self._tool, case.id, number, *slot.path), word)
        try:
            value = _value(case.payloads[number], renderer)
            expects = _expected(case, renderer)
        except Missing:
            return None
        arguments = place(slot, value, self._generator.arguments(0), self._generator)
        return Attack(case.id, self._tool, arguments, renderer.marker, expects)

    def _shape(self, case: CorpusCase, payload: Payload) -> Attack:
        arguments = _changed(payload.change, self._generator.arguments(0), self._slots)
        marker = self._setting.token(self._tool, case.id, payload.change)
        return Attack(case.id, self._tool, arguments, marker, ())


def _ranked(case: CorpusCase, slots: Sequence[Slot]) -> list[Slot]:
    """The slots that a case fits, those that its pattern finds first."""
    pattern = re.compile(case.applies.names) if case.applies.names else None
    spared = re.compile(case.applies.spares) if case.applies.spares else None
    right = [
        slot
        for slot in slots
        if (not slot.kind or slot.kind in case.applies.kinds)
        and not (spared and spared.search(snake(slot.name)))
    ]
    if pattern is None:
        return right
    named = [slot for slot in right if pattern.search(snake(slot.name))]
    hinted = [slot for slot in right if slot not in named and pattern.search(slot.hints.lower())]
    others = [slot for slot in right if slot not in named and slot not in hinted]
    return named + hinted + ([] if case.applies.only else others)


def _value(payload: Payload, renderer: Renderer) -> Any:
    if payload.nest:
        nested: Any = renderer.marker
        for _ in range(payload.nest):
            nested = [nested]
        return nested
    if payload.text is None:
        return renderer.tree(payload.value)
    text = renderer.text(payload.text) * payload.repeat
    if payload.encode == "base64":
        return base64.b64encode(text.encode()).decode()
    for _ in range(("", "url", "url-twice").index(payload.encode)):
        # Letters and digits too would be legal, but few decoders of one name expect it.
        text = quote(text, safe="").replace(".", "%2e")
    return text


def _expected(case: CorpusCase, renderer: Renderer) -> tuple[Expectation, ...]:
    return tuple(
        msgspec.structs.replace(one, contains=renderer.text(one.contains)) for one in case.expects
    )


def _changed(change: str, arguments: dict[str, Any], slots: Sequence[Slot]) -> dict[str, Any]:
    if change == "empty":
        return {}
    if change == "missing":
        return dict(list(arguments.items())[1:])
    if change == "extra":
        return arguments | {"__proto__": {"admin": True}, "unexpected": [1, {"a": None}]}
    kinds = {slot.path[0]: slot.kind for slot in slots if len(slot.path) == 1}
    names = arguments or dict.fromkeys(map(str, kinds))
    if change == "nulls":
        return dict.fromkeys(names)
    return {name: _WRONG.get(kinds.get(name, "object"), 1) for name in names}


def _protocol(
    case: CorpusCase, payload: Payload, setting: Setting, tool: str, number: int
) -> Attack | None:
    renderer = Renderer(setting, (case.id, number), tool)
    try:
        params = renderer.tree(payload.params)
        expects = _expected(case, renderer)
    except Missing:
        return None
    return Attack(case.id, payload.method, {}, renderer.marker, expects, payload.method, params)
