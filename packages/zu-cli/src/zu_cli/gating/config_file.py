"""`zu.toml`: the envelope of a tool, as its author or its user declares it.

[envelope]
egress = ["api.example.com:443"]
exec = ["git"]
write = ["~/.cache/tool"]
read = ["~/.aws/credentials"]
capabilities = ["mail.send"]
"""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from zu_cli.gating.toml_lines import line_of
from zu_core.contracts import Envelope
from zu_core.errors import ConfigError

DEFAULT_NAME: Final = "zu.toml"
TABLE: Final = "envelope"
KEYS: Final = Envelope.__struct_fields__
_EXAMPLES: Final = {
    "egress": "api.example.com",
    "exec": "git",
    "write": "~/.cache/tool",
    "read": "~/.aws/credentials",
    "capabilities": "mail.send",
}


def load(path: Path) -> Envelope:
    """The envelope that the file at `path` declares.

    Raises:
        ConfigError: it can't be read, or `parse` refuses it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {error.strerror}", advice="check the path after --config"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", advice="TOML files are UTF-8") from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str) -> Envelope:
    """The envelope that `text` declares; empty where it has no `[envelope]`.

    `name` is what errors call the file.

    Raises:
        ConfigError: not TOML, an unknown table or key, a value of the wrong type, or an
            entry that `Envelope` refuses; says where, and what to write instead.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"{name} is not TOML: {error}", advice=f"for example:\n{_example('egress')}"
        ) from error
    _refuse_unknown(document, (TABLE,), name=name, text=text, table="")
    table = document.get(TABLE, {})
    if not isinstance(table, dict):
        raise ConfigError(
            f"{_place(name, text, '', TABLE)}: `{TABLE}` is no table",
            advice=f"write:\n{_example('egress')}",
        )
    _refuse_unknown(table, KEYS, name=name, text=text, table=TABLE)
    return Envelope(**{key: _entries(table[key], key, name, text) for key in table})


def _refuse_unknown(
    found: dict[str, Any], known: tuple[str, ...], *, name: str, text: str, table: str
) -> None:
    for key in found:
        if key in known:
            continue
        nearest = get_close_matches(key, known, n=1)
        known_is = f"[{table}] has" if table else "the only table is"
        raise ConfigError(
            f"{_place(name, text, table, key)}: unknown {'key' if table else 'table'} {key!r}",
            advice=f"write `{nearest[0]}`" if nearest else f"{known_is} {_listed(known)}",
        )


def _listed(known: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in known)


def _entries(value: object, key: str, name: str, text: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ConfigError(
            f"{_place(name, text, TABLE, key)}: `{key}` is no list",
            advice=f"write:\n{_example(key)}",
        )
    return tuple(_entry(entry, key, name, text) for entry in value)


def _entry(entry: object, key: str, name: str, text: str) -> str:
    if not isinstance(entry, str):
        raise ConfigError(
            f"{_place(name, text, TABLE, key)}: `{key}` holds {entry!r}, which is no text",
            advice=f"write:\n{_example(key)}",
        )
    try:
        # One at a time, so that the error can name the line of the entry that is refused.
        Envelope(**{key: (entry,)})
    except ConfigError as error:
        place = _place(name, text, TABLE, key, entry)
        raise ConfigError(f"{place}: {error.message}", advice=error.advice) from error
    return entry


def _place(name: str, text: str, table: str, key: str, entry: str = "") -> str:
    line = line_of(text, table=table, key=key, entry=entry)
    return name if line is None else f"{name}:{line}"


def _example(key: str) -> str:
    return f'[{TABLE}]\n{key} = ["{_EXAMPLES[key]}"]'
