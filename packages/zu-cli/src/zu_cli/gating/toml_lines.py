"""Where in a TOML text a key or an entry stands; `tomllib` keeps no positions.

A line number is a help for a person: the answer is found by the shape of lines, and where
that does not find the place (keys spelt with escapes, inline tables), it is None.
"""

import re
from itertools import islice


def line_of(text: str, *, table: str, key: str, entry: str = "") -> int | None:
    """The 1-based line of `key` in `[table]`, or of `entry` in the value of that key.

    `table` "" is the top level, where `[key]` counts as the key too.
    """
    lines = text.splitlines()
    at = _key_line(lines, table, key)
    if at is None or not entry:
        return at
    for number, line in islice(enumerate(lines, 1), at - 1, None):
        if f'"{entry}"' in line or f"'{entry}'" in line:
            return number
    return at


def _key_line(lines: list[str], table: str, key: str) -> int | None:
    name = rf"[\"']?{re.escape(key)}[\"']?"
    owner = rf"[\"']?{re.escape(table)}[\"']?"
    assignment = re.compile(rf"\s*{name}\s*[.=]")
    dotted = re.compile(rf"\s*{owner}\s*\.\s*{name}\s*[.=]")
    header = re.compile(r"\s*\[\[?\s*(.+?)\s*\]\]?\s*(#.*)?$")
    within = ""
    for number, line in enumerate(lines, 1):
        opened = header.match(line)
        if opened and "," not in opened[1]:
            within = opened[1].strip("\"'")
            if within == f"{table}.{key}".lstrip("."):
                return number
        else:
            shape = assignment if within == table else dotted if not within else None
            if shape and shape.match(line):
                return number
    return None
