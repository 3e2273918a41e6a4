"""Sensible values for a parameter, by the format of its schema, its name or its description."""

import re
from typing import Final

from zu_redteam.calls.places import Places

_FORMATS: Final[dict[str, tuple[str, ...]]] = {
    "date": ("2024-05-17", "2023-11-02"),
    "time": ("12:30:00Z", "08:15:00Z"),
    "date-time": ("2024-05-17T12:30:00Z", "2023-11-02T08:15:00Z"),
    "duration": ("PT1H", "P1D"),
    "email": ("ada@example.com", "grace@example.org"),
    "idn-email": ("ada@example.com",),
    "hostname": ("{host}",),
    "idn-hostname": ("{host}",),
    "ipv4": ("192.0.2.10", "192.0.2.11"),
    "ipv6": ("2001:db8::10", "2001:db8::11"),
    "uri": ("https://{host}/", "https://{host}/page"),
    "url": ("https://{host}/", "https://{host}/page"),
    "iri": ("https://{host}/",),
    "uri-reference": ("https://{host}/", "page"),
    "iri-reference": ("https://{host}/",),
    "uuid": ("8f14e45f-ceea-467f-a0e6-1d2c3b4a5968", "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"),
    "regex": ("[a-z]+",),
    "json-pointer": ("/a/b",),
    "relative-json-pointer": ("1/a",),
    "byte": ("aGVsbG8=",),
    "binary": ("hello",),
    "password": ("correct horse",),
}

# Looked for in this order; the first that fits decides. Names are compared in snake case.
_NAMES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"time_?zone|(^|_)tz($|_)", ("UTC", "Europe/Berlin", "America/New_York")),
    (r"(^|_)(url|uri|link|href|endpoint|website|webhook)s?($|_)", _FORMATS["uri"]),
    (r"e?mail|recipient", _FORMATS["email"]),
    (r"(dir|directory|folder|root|cwd|workdir|repo_path|repository_path)s?$", ("{workspace}",)),
    (r"(^|_)(file_?names?|names?_of_file)$", ("{file}",)),
    (r"(^|_)(path|file|filepath|pathname|document|source_file|target)s?($|_)", ("{path}",)),
    (r"(^|_)(sql|statement)($|_)", ("SELECT 1", "SELECT 2 AS two")),
    (r"(^|_)(expr|expression|formula|equation)s?$", ("2 + 3", "10 / 4")),
    (r"(^|_)(regex|pattern|glob)s?$", ("[a-z]+", "notes")),
    (r"date_?time|timestamp", _FORMATS["date-time"]),
    (r"(^|_)(date|day|since|until|from_date|to_date|start|end)($|_)", _FORMATS["date"]),
    (r"(^|_)time($|_)", ("12:30", "08:15")),
    (r"(^|_)(host|hostname|domain|server)s?$", _FORMATS["hostname"]),
    (r"(^|_)ip(_|$|v4|_address)", _FORMATS["ipv4"]),
    (r"(^|_)(city|town|place|location|address)s?$", ("Berlin", "Lisbon")),
    (r"(^|_)country", ("Germany", "Portugal")),
    (r"(^|_)(lang|language|locale)s?$", ("en", "de")),
    (r"(^|_)currency|(^|_)(from|to|base|quote)_currency", ("EUR", "USD")),
    (r"(^|_)(symbol|ticker)s?$", ("AAPL", "MSFT")),
    (r"(^|_)(command|cmd)s?$", ("echo hello", "pwd")),
    (r"(^|_)(code|script|snippet|source)s?$", ("print(2 + 3)", "1 + 1")),
    (r"(^|_)(repo|repository)s?$", ("octocat/hello-world",)),
    (r"(^|_)(branch|ref|revision|commit)s?$", ("main", "HEAD")),
    (r"(^|_)(owner|user|username|author|login)s?$", ("octocat", "ada")),
    (r"(^|_)(query|q|search|keyword|term|topic|question|prompt)s?($|_)",
     ("weather", "history of tea")),
    (r"(^|_)(title|subject|heading)s?$", ("A short title", "Another title")),
    (r"(^|_)(message|text|content|body|note|description|comment|input|data)s?($|_)",
     ("Hello, world.", "A second line of text.")),
    (r"(^|_)(json|payload)s?$", ('{"a": 1}', "{}")),
    (r"(^|_)(yaml|yml)s?$", ("a: 1", "b: [2]")),
    (r"(^|_)(xml|html)s?$", ("<p>hello</p>", "<a/>")),
    (r"(^|_)(color|colour)s?$", ("#336699", "blue")),
    (r"(^|_)(id|key|identifier)s?$", ("1", "2")),
    (r"(^|_)(tag|label|category|type|kind)s?$", ("general", "other")),
    (r"(^|_)name", ("Ada", "Grace")),
)  # fmt: skip

_TIMES: Final = (
    r"(^|_)(timeout|sec(ond)?s|duration|delay|interval|wait|sleep|pause"
    r"|millis(econds)?|ms)(_|$)"
)
_TIME: Final = re.compile(_TIMES)

_NUMBERS: Final[tuple[tuple[str, int], ...]] = (
    (r"(^|_)port$", 8080),
    (r"(^|_)year", 2024),
    (r"(^|_)(limit|count|max|top|num|size|length|k|n)(_|$)", 3),
    (r"(^|_)(page|line|offset|index|start|depth)", 1),
    (r"(^|_)lat(itude)?$", 52),
    (r"(^|_)(lon|lng|longitude)$", 13),
    (_TIMES, 1),
)

_PLAIN: Final = ("hello", "example", "tea")
_EXAMPLE: Final = re.compile(r"e\.g\.,? ?[`'\"]([^`'\"]{1,80})[`'\"]")


def snake(name: str) -> str:
    """Return `name` in lower case with words set apart by underscores."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name[:100])
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def words_by_format(form: str, places: Places) -> tuple[str, ...]:
    """Return values of a JSON Schema format; () for one that is not known."""
    return tuple(_in_place(word, places) for word in _FORMATS.get(form, ()))


def words_for(name: str, description: str, places: Places) -> tuple[str, ...]:
    """Return at least one value for a parameter of type string."""
    words = _by_name(snake(name))
    if not words:
        example = _EXAMPLE.search(description[:2000])
        words = (example.group(1),) if example else _PLAIN
    return tuple(_in_place(word, places) for word in words)


def number_for(name: str) -> int:
    """Return a value for a numeric parameter."""
    plain = snake(name)
    return next((value for pattern, value in _NUMBERS if re.search(pattern, plain)), 2)


def is_time(name: str) -> bool:
    """Whether a numeric parameter of this name says how long something may take."""
    return _TIME.search(snake(name)) is not None


def _by_name(name: str) -> tuple[str, ...]:
    return next((words for pattern, words in _NAMES if re.search(pattern, name)), ())


def _in_place(word: str, places: Places) -> str:
    known = {"{workspace}": places.workspace, "{path}": places.path, "{file}": places.file}
    host = places.host if "/" in word else places.host.partition(":")[0]
    return known.get(word, word.replace("{host}", host))
