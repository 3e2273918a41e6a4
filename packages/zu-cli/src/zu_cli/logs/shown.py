"""An event as text: a line for a person, a JSON object for a program."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from zu_backends.verify.entries import Row
from zu_cli.logs.selection import readable
from zu_core.chain import Entry
from zu_core.codec import Codecs
from zu_core.text import visible

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WIDTH: Final = 160


def as_json(row: Row, entry: Entry, codecs: Codecs) -> str:
    """Return one line of JSON; a payload that can't be read here is `blob`, in base64."""
    return json.dumps(_members(row, entry, codecs), ensure_ascii=False, separators=(",", ":"))


def as_page(row: Row, entry: Entry, codecs: Codecs) -> str:
    """Return all of the event, for a person to read."""
    return visible(json.dumps(_members(row, entry, codecs), ensure_ascii=False, indent=2))


def as_line(row: Row, entry: Entry, codecs: Codecs) -> str:
    """Return place, time, type, source and the start of the payload."""
    payload = readable(entry, codecs)
    content = f"({entry.codec}, {len(entry.payload)} bytes)"
    if payload is not None:
        content = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    line = f"{row[0]:>6}  {moment(entry.ts)}  {entry.type}  {entry.source}  {content}"
    shown = visible(line).replace("\n", "\\n")
    return shown if len(shown) <= _WIDTH else shown[: _WIDTH - 1] + "…"


def moment(ts: int) -> str:
    """Return the time `ts`, microseconds since 1970, in ISO 8601; the number if it has none."""
    try:
        return (_EPOCH + timedelta(microseconds=ts)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return str(ts)


def _members(row: Row, entry: Entry, codecs: Codecs) -> dict[str, Any]:
    payload = readable(entry, codecs)
    content: dict[str, Any] = {"payload": payload}
    if payload is None:
        content = {"blob": base64.b64encode(entry.payload).decode()}
    return {
        "position": row[0],
        "trace_id": entry.trace_id,
        "seq": row[2],
        "event_id": entry.event_id,
        "parent_id": entry.parent_id,
        "task_id": entry.task_id,
        "type": entry.type,
        "ts": moment(entry.ts),
        "source": entry.source,
        "codec": entry.codec,
        **content,
        "prev": row[11].hex(),
        "hash": row[12].hex(),
    }
