"""`zu log stats`."""

import json
from collections import Counter
from typing import Any

from zu_backends.reading import entry_of, reading
from zu_cli.logs.options import Json, Log, Trace
from zu_cli.logs.shown import moment
from zu_cli.output import write
from zu_core.text import visible


def log_stats(log: Log, trace: Trace = None, as_json: Json = False) -> None:
    """Count events, traces and bytes, by type and by source."""
    types: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    traces: set[str] = set()
    size = 0
    first: int | None = None
    last: int | None = None
    with reading(log) as reader:
        for row in reader.rows(trace):
            entry = entry_of(row)
            types[entry.type] += 1
            sources[entry.source] += 1
            traces.add(entry.trace_id)
            size += len(entry.payload)
            first = entry.ts if first is None else min(first, entry.ts)
            last = entry.ts if last is None else max(last, entry.ts)
    found: dict[str, Any] = {
        "events": types.total(),
        "traces": len(traces),
        "payload_bytes": size,
        "first": None if first is None else moment(first),
        "last": None if last is None else moment(last),
        "types": dict(types.most_common()),
        "sources": dict(sources.most_common()),
    }
    write(json.dumps(found, ensure_ascii=False) + "\n" if as_json else _text(found))


def _text(found: dict[str, Any]) -> str:
    lines = [
        f"{found['events']:,} events of {found['traces']:,} traces,"
        f" {found['payload_bytes']:,} bytes of payload"
    ]
    if found["events"]:
        lines.append(f"from {found['first']} to {found['last']}")
    for title in ("types", "sources"):
        lines += ["", title]
        lines += [f"  {count:>9,}  {visible(name)}" for name, count in found[title].items()]
    return "\n".join(lines) + "\n"
