"""Text on its way to a person: stdout, and characters that must not be obeyed."""

import sys
import unicodedata


class StdoutClosed(Exception):  # noqa: N818 - no error: the reader has what it wanted
    """Whoever reads stdout reads no more (`zu ... | head`)."""


def write(text: str) -> None:
    """Write `text` to stdout, now.

    Raises:
        StdoutClosed: nobody reads it.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise StdoutClosed from None


def say(text: str) -> None:
    """Write `text` to stderr, now; where nobody listens, the exit code still tells."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return


def visible(text: str) -> str:
    """`text` with all that a terminal obeys, beside the line feed, shown as an escape.

    That is general categories C* and the line and paragraph separators (Unicode 16,
    chapter 4.5): control characters, bidirectional overrides, lone surrogates.
    """
    return "".join(
        character if character == "\n" or not _is_obeyed(character) else _escape(character)
        for character in text
    )


def _is_obeyed(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("C") or category in ("Zl", "Zp")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
