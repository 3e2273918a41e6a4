"""Sizes as people write them: `512M`, `2G`, `1048576`; units are powers of 1024."""

import re
from typing import Final

from zu_core.errors import ConfigError

_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE: Final = re.compile(r"([0-9]{1,15}) ?([kmgt]?)(?:i?b)?", re.IGNORECASE | re.ASCII)


def parse_size(text: str, *, flag: str) -> int:
    """Return the bytes that `text` means.

    Raises:
        ConfigError: it is no size, or zero.
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(match[1]) * _UNITS[match[2].lower()] if match else 0
    if not size:
        raise ConfigError(f"{flag} {text!r} is no size", advice=f"write it as {flag} 512M")
    return size
