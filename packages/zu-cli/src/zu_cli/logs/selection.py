"""Which events a person asks for."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from zu_backends.reading import LogReader, entry_of
from zu_backends.verify.entries import Row
from zu_core.chain import Entry
from zu_core.codec import Codecs
from zu_core.errors import ConfigError, Unavailable

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AGO: Final = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Selection:
    """Filters; None and () let all pass.

    Attributes:
        since, until: microseconds since 1970, from and before.
        ctx: key and text of fields of `payload["ctx"]`; a value that is no text is compared
            by its JSON form.
    """

    trace: str | None = None
    type_prefix: str | None = None
    source: str | None = None
    task: str | None = None
    since: int | None = None
    until: int | None = None
    ctx: tuple[tuple[str, str], ...] = ()

    def of(self, reader: LogReader, codecs: Codecs) -> Iterator[tuple[Row, Entry]]:
        """Yield what `reader` has and this selects.

        Raises:
            Unavailable: a payload that `ctx` asks about needs a codec that is not at hand.
        """
        for row in reader.rows(self.trace):
            entry = entry_of(row)
            if self._fits(entry) and (not self.ctx or self._has_ctx(entry, codecs)):
                yield row, entry

    def _fits(self, entry: Entry) -> bool:
        return (
            (self.type_prefix is None or entry.type.startswith(self.type_prefix))
            and self.source in (None, entry.source)
            and self.task in (None, entry.task_id)
            and (self.since is None or entry.ts >= self.since)
            and (self.until is None or entry.ts < self.until)
        )

    def _has_ctx(self, entry: Entry, codecs: Codecs) -> bool:
        ctx = payload_of(entry, codecs).get("ctx")
        if not isinstance(ctx, dict):
            return False
        return all(key in ctx and _text(ctx[key]) == value for key, value in self.ctx)


def payload_of(entry: Entry, codecs: Codecs) -> dict[str, Any]:
    """Return the payload of `entry`.

    Raises:
        Unavailable: its codec, or the key for it, is not at hand.
    """
    return codecs.decode(
        entry.codec, entry.payload, trace_id=entry.trace_id, event_id=entry.event_id
    )


def readable(entry: Entry, codecs: Codecs) -> dict[str, Any] | None:
    """Return the payload of `entry`; None where its codec is not at hand."""
    try:
        return payload_of(entry, codecs)
    except Unavailable:
        return None


def parse_time(text: str | None, now: datetime) -> int | None:
    """Return the microseconds since 1970 of `text`: ISO 8601, in UTC if it names no zone, or
    a time ago such as 90m.

    Raises:
        ConfigError: it is neither.
    """
    if text is None:
        return None
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"{text!r} is no time", advice="write 2026-01-31T12:00Z, or 90m, 2h, 7d for ago"
        ) from error


def parse_ctx(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the pairs that `texts` spell as KEY=VALUE.

    Raises:
        ConfigError: one has no "=".
    """
    pairs = []
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise ConfigError(f"--ctx {text!r} is not KEY=VALUE", advice="write --ctx tenant=acme")
        pairs.append((key, value))
    return tuple(pairs)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
