"""The error for text that names no host, and how such text is quoted in messages."""

from zu_core.errors import ConfigError

_SHOWN = 80


class HostError(ConfigError):
    """The text is no host name and no address, or could be read as two different ones."""


def quoted(text: str) -> str:
    """`text` with control and non-ASCII characters escaped, cut at 80 characters."""
    return ascii(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
