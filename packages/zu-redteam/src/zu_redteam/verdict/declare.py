"""The `zu.toml` that declares what is needed, beside what is declared already."""

from collections.abc import Iterable

from zu_core.contracts import Envelope
from zu_core.errors import ConfigError
from zu_redteam.verdict.needs import Need

_KEYS = ("egress", "exec", "write", "read", "capabilities")


def proposed_envelope(declared: Envelope, wanted: Iterable[Need]) -> Envelope:
    """`declared` and all of `wanted` but what only attacks brought about.

    An entry that no envelope can hold (a name with a control character, say) is left out.
    """
    entries = {key: list(getattr(declared, key)) for key in _KEYS}
    for need in wanted:
        if need.only_attacked or need.what in entries[need.kind] or not need.what.isprintable():
            continue
        if _acceptable(need):
            entries[need.kind].append(need.what)
    return Envelope(**{key: tuple(found) for key, found in entries.items()})


def _acceptable(need: Need) -> bool:
    try:
        Envelope(**{need.kind: (need.what,)})
    except ConfigError:
        return False
    return True


def envelope_toml(envelope: Envelope) -> str:
    """`envelope` as the text of a `zu.toml` (TOML 1.0); keys without entries are left out."""
    lines = ["[envelope]"]
    for key in _KEYS:
        entries = getattr(envelope, key)
        if entries:
            lines.append(f"{key} = [{', '.join(_quoted(entry) for entry in entries)}]")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string: quotation mark, backslash and control characters are escaped."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif ord(char) < 0x20 or ord(char) == 0x7F:
            out.append(f"\\u{ord(char):04x}")
        else:
            out.append(char)
    return f'"{"".join(out)}"'
