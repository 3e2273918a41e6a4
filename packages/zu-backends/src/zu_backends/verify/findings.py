"""What a check of a log finds."""

from enum import StrEnum

import msgspec

from zu_core.errors import IntegrityError


class Kind(StrEnum):
    """How a log is broken."""

    EDITED = "edited"
    """An entry does not have the hash that is stored with it, or is spelt in another way."""
    GAP = "gap"
    """At least one entry is missing before this one."""
    REORDERED = "reordered"
    """An entry belongs before one that was already read."""
    DUPLICATE = "duplicate"
    """An entry, or the id of an event, stands here a second time."""
    FORK = "fork"
    """An entry continues another history than the one before it."""
    TRUNCATED = "truncated"
    """A checkpoint states more entries than there are."""
    REWRITTEN = "rewritten"
    """Entries are whole, but others than a checkpoint states."""
    TREE = "tree"
    """The stored tree is not that of the entries."""
    STORE = "store"
    """The file contradicts itself: a damaged page, an index that hides a row."""


class LogBroken(IntegrityError):  # noqa: N818 - states what is found, like its siblings
    """A log is not what was written.

    Attributes:
        position: the first entry that is not as it was written, from 1; None where the
            break is in no entry.
        trace: its trace, as far as it is known.
    """

    def __init__(
        self, kind: Kind, detail: str, *, position: int | None = None, trace: str = ""
    ) -> None:
        where = "" if position is None else f" at position {position}"
        which = f"; trace {trace!r}" if trace else ""
        super().__init__(
            f"the log is broken{where}, {kind.value}: {detail}{which}",
            advice="trust nothing from there on; compare with a copy that was kept elsewhere",
        )
        self.kind = kind
        self.detail = detail
        self.position = position
        self.trace = trace


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a log that is whole holds.

    Attributes:
        entries: how many were checked.
        traces: how many chains they form.
        size: leaves of the tree; None where a single trace was checked.
        root: of that tree, 32 bytes; None with `size`.
        torn: bytes behind the last whole append, which a crash left and nobody counts.
    """

    entries: int
    traces: int
    size: int | None
    root: bytes | None
    torn: int = 0
