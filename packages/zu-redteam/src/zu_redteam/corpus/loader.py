"""Reads the case files that lie beside this module."""

import functools
import tomllib
from importlib.resources import files
from typing import Final

import msgspec

from zu_core.errors import ConfigError
from zu_redteam.corpus.case import CorpusCase

_ADVICE: Final = "the shape of a case is described by zu_redteam.corpus.CorpusCase"


class _Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: tuple[CorpusCase, ...]


def parse_family(text: str, name: str) -> tuple[CorpusCase, ...]:
    """Return the cases of one TOML file.

    Args:
        name: of the file, for messages.

    Raises:
        ConfigError: it is no TOML, or a case has not the shape of `CorpusCase`.
    """
    try:
        return msgspec.convert(tomllib.loads(text), _Family).case
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"corpus file {name}: {error}", advice=_ADVICE) from error


@functools.cache
def build_corpus() -> tuple[CorpusCase, ...]:
    """Return all cases, sorted by file and by place in it.

    Raises:
        ConfigError: a file is not well-formed, or two cases have one id.
    """
    folder = files("zu_redteam.corpus") / "families"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    cases = [
        case for name in names for case in parse_family((folder / name).read_text("utf-8"), name)
    ]
    ids = [case.id for case in cases]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ConfigError(f"corpus ids stand twice: {', '.join(twice)}", advice=_ADVICE)
    return tuple(cases)


CORPUS_OBJECTIVES: Final = frozenset(case.objective for case in build_corpus())
"""The objectives that have a case."""
