"""The attack cases by id: to list them, and to run some of them only."""

from collections.abc import Sequence
from difflib import get_close_matches

from zu_cli.output import write
from zu_core.errors import ConfigError
from zu_redteam.corpus import build_corpus


def known(ids: Sequence[str]) -> tuple[str, ...]:
    """`ids` without repetitions, in order.

    Raises:
        ConfigError: one is none of the corpus.
    """
    names = [case.id for case in build_corpus()]
    for wanted in ids:
        if wanted not in names:
            close = get_close_matches(wanted, names, n=3, cutoff=0.4)
            meant = f"did you mean {' or '.join(f'`{name}`' for name in close)}? " if close else ""
            raise ConfigError(
                f"there is no attack case {wanted!r}",
                advice=f"{meant}`zu test-plugin --list-cases` lists them",
            )
    return tuple(dict.fromkeys(ids))


def print_list() -> None:
    """Write one line for each case to stdout: id, objective, title."""
    corpus = build_corpus()
    wide = max(len(case.id) for case in corpus)
    aim = max(len(case.objective) for case in corpus)
    lines = (f"{case.id:{wide}}  {case.objective:{aim}}  {case.title}" for case in corpus)
    write("\n".join(lines) + "\n")
