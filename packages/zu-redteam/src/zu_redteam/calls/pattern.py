"""A text for a simple regular expression of a JSON schema (ECMA-262, section 22.2.1).

The expression comes from the target, so it is never matched against anything: a matcher
can be made to run for ever. What is not understood (look-around, back references,
properties) gives no text.
"""

from typing import Final

_CLASSES: Final = {"d": "0123456789", "w": "abcXYZ019_", "s": " "}
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_ANY: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-./:@"
_REPEAT: Final = 256
_TEXT: Final = 4096
_DEPTH: Final = 20


class NotSimpleError(ValueError):
    """The expression uses what this module does not follow."""


def text_for(pattern: str, variant: int = 0) -> str | None:
    """Return a text that `pattern` matches; None where the pattern is not simple.

    Args:
        variant: another number may give another text.
    """
    parser = _Parser(pattern, variant)
    try:
        text = parser.alternatives(0)
    except NotSimpleError:
        return None
    return text if parser.at_end else None


class _Parser:
    def __init__(self, pattern: str, variant: int) -> None:
        self._rest = pattern
        self._variant = variant

    @property
    def at_end(self) -> bool:
        return not self._rest

    def alternatives(self, depth: int) -> str:
        """Return a text for one of the alternatives up to the end or a closing bracket."""
        if depth > _DEPTH:
            raise NotSimpleError
        options = [self._sequence(depth)]
        while self._rest.startswith("|"):
            self._take()
            options.append(self._sequence(depth))
        return options[self._variant % len(options)]

    def _sequence(self, depth: int) -> str:
        parts = []
        while self._rest and self._rest[0] not in "|)":
            atom = self._atom(depth)
            low, high = self._quantifier()
            count = min(max(low, 1), high) if high else 0
            if count > _REPEAT or count * len(atom) > _TEXT:
                raise NotSimpleError
            parts.append(atom * count)
        return "".join(parts)

    def _atom(self, depth: int) -> str:
        char = self._take()
        if char in "^$":
            return ""
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._pick(self._set())
        if char == "\\":
            return self._pick(self._escaped())
        if char in "*+?{}":
            raise NotSimpleError
        return "a" if char == "." else char

    def _group(self, depth: int) -> str:
        if self._rest.startswith("?"):
            if not self._rest.startswith("?:"):
                raise NotSimpleError
            self._rest = self._rest[2:]
        text = self.alternatives(depth + 1)
        if self._take() != ")":
            raise NotSimpleError
        return text

    def _escaped(self) -> str:
        char = self._take()
        if char in _CLASSES:
            return _CLASSES[char]
        if char in _CONTROL:
            return _CONTROL[char]
        if char.isalnum():
            if char in "DWS":
                return {"D": "a", "W": "-", "S": "a"}[char]
            raise NotSimpleError
        return char

    def _set(self) -> str:
        negated = self._rest.startswith("^")
        if negated:
            self._take()
        members: list[str] = []
        while (char := self._take()) != "]":
            low = self._escaped() if char == "\\" else char
            if self._rest.startswith("-") and self._rest[1:2] not in ("]", "") and len(low) == 1:
                self._take()
                high = self._take()
                high = self._escaped() if high == "\\" else high
                members.append(_span(low, high))
            else:
                members.append(low)
        inside = "".join(members)
        return "".join(c for c in _ANY if c not in inside) if negated else inside

    def _quantifier(self) -> tuple[int, int]:
        mark = self._rest[:1]
        found = {"*": (0, _REPEAT), "+": (1, _REPEAT), "?": (0, 1)}.get(mark)
        if found:
            self._take()
        elif mark == "{":
            self._take()
            body, closed, self._rest = self._rest.partition("}")
            found = _bounds(body) if closed else None
            if found is None:
                raise NotSimpleError
        else:
            return 1, 1
        if self._rest.startswith("?"):
            self._take()
        return found

    def _pick(self, members: str) -> str:
        if not members:
            raise NotSimpleError
        return members[self._variant % len(members)]

    def _take(self) -> str:
        if not self._rest:
            raise NotSimpleError
        char, self._rest = self._rest[0], self._rest[1:]
        return char


def _span(low: str, high: str) -> str:
    if len(high) != 1 or ord(high) < ord(low):
        raise NotSimpleError
    return "".join(map(chr, range(ord(low), min(ord(high), ord(low) + 127) + 1)))


def _bounds(body: str) -> tuple[int, int] | None:
    low, comma, high = body.partition(",")
    if not low.isascii() or not low.isdigit() or len(low) > 6:
        return None
    if not comma:
        return int(low), int(low)
    if not high:
        return int(low), max(int(low), _REPEAT)
    return (int(low), int(high)) if high.isascii() and high.isdigit() and len(high) <= 6 else None
