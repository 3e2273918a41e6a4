"""Observer: what the target says of its tools stays the same.

A description that changes after it was approved steers the model that reads it: the
attack known as "rug pull".
"""

import re
from difflib import unified_diff
from typing import Literal

import msgspec

from zu_core.events import ToolDescription, ToolsListed
from zu_redteam.verdict.answer import Answer, Evidence, Severity, answer_of
from zu_redteam.verdict.describe import count, listed
from zu_redteam.verdict.observed import Entry, ObservedRun
from zu_redteam.verdict.sources import missing_stages

Moment = Literal["start", "after-calls", "restart"]

_STAGE_OF: tuple[tuple[Moment, str], ...] = (
    ("start", "list"),
    ("after-calls", "relist"),
    ("restart", "restart"),
)
_SENTENCE_END = re.compile(r"(?<=[.!?:;] )|(?<=\\n)")
_LINE_WIDTH = 100
_LINES_COMPARED = 2000  # difflib takes quadratic time
_DIFF_LINES = 60
_LINE_SHOWN = 300
_WHEN = {"start": "at the start", "after-calls": "after the calls", "restart": "after the restart"}


class DescriptionBreach:
    """Compares the lists of all moments with the first list."""

    name = "descriptions"
    title = "keeps its tool descriptions"

    def judge(self, run: ObservedRun, /) -> Answer:
        """Compare every list with the first; a moment without a list is missing."""
        lists = run.of_type(ToolsListed)
        first = next((entry for entry in lists if entry.payload.moment == "start"), None)
        evidence: list[Evidence] = []
        if first is not None:
            for later in lists:
                if later is not first:
                    evidence += _differences(first, later)
        known = {entry.payload.moment for entry in lists}
        absent = [
            _WHEN[moment]
            for moment, stage in _STAGE_OF
            if moment not in known and (ended := run.stages.get(stage)) and ended.outcome == "ran"
        ]
        missing = missing_stages(run, (stage for _, stage in _STAGE_OF), shortly=True)
        if absent:
            missing.append(f"there is no list of the tools {listed(absent)}")
        tools = len(first.payload.tools) if first else 0
        return answer_of(
            evidence, missing, f"{count(tools, 'tool')}, the same in {count(len(lists), 'list')}"
        )


def _differences(first: Entry[ToolsListed], later: Entry[ToolsListed]) -> list[Evidence]:
    before = _by_name(first.payload.tools)
    after = _by_name(later.payload.tools)
    when = _WHEN[later.payload.moment]
    found: list[Evidence] = []

    def add(seen: str, tool: str, severity: Severity, old: str, new: str) -> None:
        found.append(
            Evidence(
                tried=f"the list of the tools was asked for {when}",
                seen=seen,
                monitor=later.event.source,
                events=(first.event_id, later.event_id),
                tool=tool,
                severity=severity,
                detail=readable_diff(old, new, when),
            )
        )

    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ()), after.get(name, ())
        if _definitions(old) == _definitions(new):
            continue
        change = "appeared" if not old else "is gone" if not new else "has another definition"
        severity: Severity = "medium" if not new else "high"
        add(f"the tool {name} {change} {when}", name, severity, _readable(old), _readable(new))
    if first.payload.instructions != later.payload.instructions:
        old_text, new_text = first.payload.instructions, later.payload.instructions
        add(f"the server's instructions differ {when}", "", "high", old_text, new_text)
    return found


def _by_name(tools: tuple[ToolDescription, ...]) -> dict[str, tuple[ToolDescription, ...]]:
    """Tools by name; a server can list one name more than once."""
    found: dict[str, tuple[ToolDescription, ...]] = {}
    for tool in tools:
        found[tool.name] = (*found.get(tool.name, ()), tool)
    return found


def _definitions(tools: tuple[ToolDescription, ...]) -> list[tuple[str, str]]:
    return sorted((tool.digest, tool.definition) for tool in tools)


def _readable(tools: tuple[ToolDescription, ...]) -> str:
    """Definitions as indented JSON, or as they are where they are none."""
    shown: list[str] = []
    for tool in tools:
        try:
            shown.append(msgspec.json.format(tool.definition, indent=2))
        except (msgspec.DecodeError, UnicodeEncodeError):
            shown.append(tool.definition)
    return "\n".join(shown)


def _sentences(text: str) -> list[str]:
    """Lines of `text`, long ones broken behind sentences, as many as a diff can bear."""
    pieces: list[str] = []
    for line in text.splitlines():
        pieces += [line] if len(line) <= _LINE_WIDTH else _SENTENCE_END.split(line)
        if len(pieces) > _LINES_COMPARED:
            return pieces[:_LINES_COMPARED]
    return pieces


def readable_diff(old: str, new: str, when: str) -> str:
    """A unified diff of two texts by sentences, long lines and long diffs cut with a note."""
    lines = [
        line if len(line) <= _LINE_SHOWN else f"{line[:_LINE_SHOWN]}… ({len(line)} characters)"
        for line in unified_diff(
            _sentences(old), _sentences(new), "at the start", when, n=1, lineterm=""
        )
    ]
    if len(lines) > _DIFF_LINES:
        lines = [*lines[:_DIFF_LINES], f"… {len(lines) - _DIFF_LINES} more lines"]
    return "\n".join(lines)
