"""Numbers within the bounds of a JSON schema, as near as may be to one that is wanted."""

import math
from dataclasses import dataclass
from typing import Final

from zu_redteam.calls.flatten import Schema

_BITS: Final = 1000


@dataclass(frozen=True, slots=True)
class _Range:
    low: float
    high: float
    open_low: bool
    open_high: bool


def integer(flat: Schema, wanted: int) -> int:
    """Return an integer that the bounds allow; `wanted` where none is found."""
    step = flat.get("multipleOf")
    if isinstance(step, bool) or not isinstance(step, int) or step <= 0:
        step = 1
    return int(_stepped(_range(flat), step, wanted))


def number(flat: Schema, wanted: float) -> float:
    """Return a number that the bounds allow; `wanted` where none is found."""
    bounds, step = _range(flat), flat.get("multipleOf")
    if isinstance(step, int | float) and math.isfinite(step) and step > 0:
        return float(_stepped(bounds, step, wanted))
    if bounds.low < wanted < bounds.high:
        return float(wanted)
    if math.isfinite(bounds.low) and math.isfinite(bounds.high):
        return float(bounds.low + (bounds.high - bounds.low) / 2)
    return float(bounds.low + 1 if math.isfinite(bounds.low) else bounds.high - 1)


def _stepped(bounds: _Range, step: float, wanted: float) -> float:
    """The multiple of `step` next to `wanted` that lies in `bounds`."""
    count = _ceil(wanted, step)
    if math.isfinite(bounds.high):
        most = -_ceil(-bounds.high, step)
        count = min(count, most - (bounds.open_high and most * step >= bounds.high))
    if math.isfinite(bounds.low):
        least = _ceil(bounds.low, step)
        count = max(count, least + (bounds.open_low and least * step <= bounds.low))
    return count * step


def _ceil(value: float, step: float) -> int:
    # Exact for integers, which may be larger than a float can tell apart.
    return -int(-value // step)


def _range(flat: Schema) -> _Range:
    low, above = _bound(flat, "minimum"), _bound(flat, "exclusiveMinimum")
    high, below = _bound(flat, "maximum"), _bound(flat, "exclusiveMaximum")
    lows = [one for one in (low, above) if one is not None]
    highs = [one for one in (high, below) if one is not None]
    return _Range(
        low=max(lows, default=-math.inf),
        high=min(highs, default=math.inf),
        open_low=above is not None and above == max(lows),
        open_high=below is not None and below == min(highs),
    )


def _bound(flat: Schema, key: str) -> float | None:
    value = flat.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A longer integer has no float that it could be compared with.
    if isinstance(value, int):
        return value if value.bit_length() <= _BITS else None
    return value if math.isfinite(value) else None
