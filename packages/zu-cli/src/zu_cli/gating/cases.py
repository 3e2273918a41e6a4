"""The attack cases by id: to list them, and to check those that are asked for."""

from collections.abc import Sequence

from zu_cli.output import write
from zu_redteam.corpus import build_corpus
from zu_redteam.run.selection import choose_cases


def known(ids: Sequence[str]) -> frozenset[str]:
    """`ids`, all of which are in the corpus.

    Raises:
        ConfigError: one is not; names those that are like it.
    """
    chosen = frozenset(ids)
    choose_cases(build_corpus(), chosen)
    return chosen


def print_list() -> None:
    """Write one line for each case to stdout: id, objective, title."""
    corpus = build_corpus()
    wide = max(len(case.id) for case in corpus)
    aim = max(len(case.objective) for case in corpus)
    lines = (f"{case.id:{wide}}  {case.objective:{aim}}  {case.title}" for case in corpus)
    write("\n".join(lines) + "\n")
