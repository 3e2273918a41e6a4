"""The shape of an attack case, as it stands in the files of `families/`."""

import re
from typing import Any, Final, Literal

import msgspec

from zu_core.events import Expectation
from zu_redteam.corpus.render import unknown_placeholders

OBJECTIVES: Final = (
    "envelope", "exfil", "escape", "provenance", "deputy", "dos", "defeat_judge", "pivot",
)  # fmt: skip

_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_CLASS: Final = re.compile(r"(ASI(0[1-9]|10)|MCP(0[1-9]|10)|CWE-\d+|AML\.T\d{4}(\.\d{3})?)")


class Applies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which parameters a case is for.

    Attributes:
        names: regular expression over a parameter's name in snake case, its format and its
            description; parameters that it finds come first.
        only: leave out the others.
        spares: regular expression over names that are left out in any case.
        kinds: JSON types of the parameters; a parameter without a type is of any.
    """

    names: str = ""
    only: bool = False
    spares: str = ""
    kinds: tuple[Literal["string", "integer", "number", "boolean"], ...] = ("string",)


class Payload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent. Exactly one of `text`, `value`, `nest`, `change`, `params` is given.

    Attributes:
        text: a string with the placeholders of `zu_redteam.corpus.render`.
        repeat: how often `text` is written.
        encode: what is done to it after that.
        value: any value in the place of a string.
        nest: depth of lists within lists.
        change: what is done to the arguments as a whole.
        method, params: a whole JSON-RPC request; strings within `params` are rendered.
    """

    text: str | None = None
    repeat: int = 1
    encode: Literal["", "base64", "url", "url-twice"] = ""
    value: Any = None
    nest: int = 0
    change: Literal["", "empty", "missing", "extra", "wrong-types", "nulls"] = ""
    method: str = "tools/call"
    params: dict[str, Any] | None = None


class CorpusCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attack.

    Attributes:
        id: stable name, for `--case` and for reports.
        title: what is tried, as a sentence without a full stop.
        objective: what the attacker wants, one of `OBJECTIVES`.
        classes: OWASP Agentic (ASI) and MCP Top 10, CWE, MITRE ATLAS.
        severity: of a breach.
        advice: what the author of a tool does about it.
        delivery: "argument" (a payload in one parameter), "shape" (the arguments as a
            whole), "protocol" (a request that no client sends).
        payloads: ranked, the most telling first.
        expects: any of these facts shows that it worked; empty where only resources, the
            target's end or the record itself could show it.
        twin: a harmless value of the same shape, which an honest tool accepts.
    """

    id: str
    title: str
    objective: str
    classes: tuple[str, ...]
    severity: Literal["low", "medium", "high", "critical"]
    advice: str
    twin: Any
    payloads: tuple[Payload, ...]
    delivery: Literal["argument", "shape", "protocol"] = "argument"
    applies: Applies = Applies()
    expects: tuple[Expectation, ...] = ()

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ValueError(f"{self.id!r}: {problem}")

    def _problems(self) -> list[str]:
        problems = [f"class {one!r} is not known" for one in self.classes if not _known(one)]
        if not _ID.fullmatch(self.id):
            problems.append("the id is not of the form family-what-it-does")
        if self.objective not in OBJECTIVES:
            problems.append(f"objective {self.objective!r} is none of {', '.join(OBJECTIVES)}")
        if not self.payloads or not self.classes:
            problems.append("a case has at least one payload and one class")
        for expected in self.expects:
            unknown = unknown_placeholders(expected.contains)
            problems += [f"expectation names unknown {{{name}}}" for name in unknown]
        try:
            re.compile(self.applies.names)
        except re.error as error:
            problems.append(f"applies.names is no regular expression: {error}")
        for number, payload in enumerate(self.payloads, 1):
            problem = _payload_problem(payload, self.delivery)
            problems += [f"payload {number} {problem}"] if problem else []
        return problems


def _known(name: str) -> bool:
    return bool(_CLASS.fullmatch(name))


def _payload_problem(payload: Payload, delivery: str) -> str:
    given = {
        "argument": [payload.text is not None, payload.value is not None, payload.nest > 0],
        "shape": [bool(payload.change)],
        "protocol": [payload.params is not None],
    }
    if sum(given[delivery]) != 1 or sum(map(sum, given.values())) != 1:
        return f"does not give exactly one thing to send by {delivery}"
    if not 1 <= payload.repeat <= 1 << 21 or not 0 <= payload.nest <= 64:
        return "repeats more than 2 Mi times or nests deeper than 64"
    return ""
