"""Text of the target in reports: visible, cut, on one line."""

from zu_core.text import visible

__all__ = ["cut", "line", "visible"]


def cut(text: str, limit: int) -> str:
    """The first `limit` characters of `text`, with a note of how many more there are."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [{len(text) - limit} more characters, see the log]"


def line(text: str, limit: int = 400) -> str:
    """`text` made visible, on one line and cut."""
    return cut(visible(text, newlines=False), limit)
