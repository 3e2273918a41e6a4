"""Public suffixes: the names under which anybody can register a name."""

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _bundled() -> PublicSuffixList:
    """The list that comes with `publicsuffixlist`, parsed at the first question (about 30 ms)."""
    return PublicSuffixList()


def is_public_suffix(name: str) -> bool:
    """True if `name` (canonical) is a public suffix: `com`, `co.uk`, also `github.io`.

    The list's private section counts, because a stranger can have a name there too. A
    top-level name that the list does not have counts as public suffix.
    """
    return "." not in name or _bundled().is_public(name)
