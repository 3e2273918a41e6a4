"""Text of strangers as data: what a terminal or a browser would obey is shown instead.

Sources: ECMA-48 (control functions), Unicode 16 chapter 4.5 (general categories) and
Unicode Technical Standard 39 (characters that hide or reorder text).
"""

import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset(
    # Letters and marks that are drawn as nothing: Hangul fillers, Mongolian selectors,
    # Khmer inherent vowels, combining grapheme joiner.
    "\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180b\u180c\u180d\u180f\u034f"
)
_SELECTORS: Final = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, newlines: bool = True) -> str:
    """`text` with every character that is obeyed or hidden replaced by a sign for it.

    C0 controls become their picture (escape is "␛"); C1 controls, characters that reorder
    text or have no width, lone surrogates and unassigned ones become "\\u202e" and the like.

    Args:
        newlines: keep line feeds; without, they are shown as "␊".
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char, newlines=newlines) for char in text)


def _shown(char: str, *, newlines: bool) -> str:
    code = ord(char)
    if char == "\n" and newlines:
        return char
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0x7F:
        return char
    if unicodedata.category(char) in _HIDDEN or _is_invisible(char, code):
        return char.encode("unicode_escape").decode("ascii")
    return char


def _is_invisible(char: str, code: int) -> bool:
    return char in _INVISIBLE or any(low <= code <= high for low, high in _SELECTORS)
