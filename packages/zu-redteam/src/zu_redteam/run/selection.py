"""Which calls a run makes: attacks and harmless calls, within the budget of its options."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice, zip_longest
from typing import Any, Final

from zu_core.errors import ConfigError
from zu_core.events import ToolDescription
from zu_redteam.calls.harmless import harmless_calls
from zu_redteam.calls.words import snake
from zu_redteam.corpus import Attack, CorpusCase, Setting, plan_attacks, plan_protocol
from zu_redteam.run.options import GateOptions

_WRITING: Final = frozenset({
    "write", "save", "store", "set", "put", "create", "edit", "update", "append", "insert",
    "move", "rename", "copy", "delete", "remove", "clear", "drop", "reset", "upload",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """The calls of a run.

    Attributes:
        harmless: tool and arguments, in order.
        attacks: in order.
        planned: attacks that there were before the budget cut them.
        fitting, cases: cases that fit a parameter of the target, of how many.
    """

    harmless: tuple[tuple[str, dict[str, Any]], ...]
    attacks: tuple[Attack, ...]
    planned: int
    fitting: int
    cases: int

    @property
    def note(self) -> str:
        """What was left out, as a sentence."""
        cut = "" if len(self.attacks) == self.planned else f" of {self.planned} possible ones"
        return (
            f"{len(self.attacks)} calls{cut}, of {self.fitting} cases; "
            f"{self.cases - self.fitting} cases fit no parameter"
        )


def choose_cases(corpus: Sequence[CorpusCase], ids: frozenset[str]) -> tuple[CorpusCase, ...]:
    """Return the cases with these ids; all of them for no ids.

    Raises:
        ConfigError: there is no such case; names those that are like it.
    """
    known = {case.id for case in corpus}
    for one in sorted(ids - known):
        near = difflib.get_close_matches(one, sorted(known), n=3, cutoff=0.3)
        raise ConfigError(
            f"there is no case {one!r}",
            advice=f"did you mean {' or '.join(near)}?" if near else "see the list of cases",
        )
    return tuple(case for case in corpus if not ids or case.id in ids)


def select(
    tools: Sequence[ToolDescription],
    cases: Sequence[CorpusCase],
    setting: Setting,
    options: GateOptions,
) -> Selection:
    """Return the calls to make on `tools`: deterministic, and bounded by `options`.

    Attacks take turns among the tools. Tools that write come after those that read,
    because they may overwrite what the others would have given away. Those that aim at
    resources come last, because they are the most likely to end the target.
    """
    plans = [plan_attacks(tool, cases, setting) for tool in tools]
    protocol = plan_protocol(cases, setting, tools[0].name) if tools else ()
    turns = zip_longest(*(plan[: options.attacks_per_tool] for plan in plans))
    room = max(0, options.attacks - len(protocol))
    chosen = [attack for turn in turns for attack in turn if attack is not None][:room]
    heavy = {case.id for case in cases if case.objective == "dos"}
    writing = {tool.name for tool in tools if _writes(tool)}
    attacks = tuple(
        sorted([*chosen, *protocol], key=lambda one: (one.case in heavy, one.tool in writing))
    )
    fitting = {attack.case for plan in plans for attack in plan} | {a.case for a in protocol}
    return Selection(
        harmless=_harmless(tools, attacks, setting, options),
        attacks=attacks,
        planned=sum(map(len, plans)) + len(protocol),
        fitting=len(fitting),
        cases=len(cases),
    )


def _writes(tool: ToolDescription) -> bool:
    words = snake(tool.name).split("_")
    return not _WRITING.isdisjoint(words) or '"destructiveHint":true' in tool.definition


def _harmless(
    tools: Sequence[ToolDescription],
    attacks: Sequence[Attack],
    setting: Setting,
    options: GateOptions,
) -> tuple[tuple[str, dict[str, Any]], ...]:
    calls: list[tuple[str, dict[str, Any]]] = []
    left = options.top_up
    for tool in tools:
        made = harmless_calls(tool, setting.places, seed=setting.seed, count=options.harmless)
        if options.cases:
            calls.append((tool.name, made[0]))
            continue
        attacked = sum(attack.tool == tool.name for attack in attacks)
        more = min(left, max(0, options.calls - options.harmless - attacked))
        left -= more
        calls += [(tool.name, one) for one in islice(cycle(made), options.harmless + more)]
    return tuple(calls)
