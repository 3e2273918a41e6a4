"""Times of one thing, and how they compare with the times of another in the same run."""

from collections.abc import Sequence

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was measured.

    Attributes:
        name: what it is.
        times: one for each run, in `Report.unit`.
        floor: name of the row that it is compared with, or "" where it is a floor itself.
    """

    name: str
    times: tuple[float, ...]
    floor: str = ""

    @property
    def p50(self) -> float:
        """The median."""
        return percentile(self.times, 50)

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return percentile(self.times, 95)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one benchmark found.

    Attributes:
        rows: floors and what is compared with them; they ran by turns.
        aim: name of a row, and the ratio to its floor that is to be kept; or None.
        missing: why there are no rows, or "".
    """

    name: str
    unit: str
    rows: tuple[Row, ...] = ()
    aim: tuple[str, float] | None = None
    missing: str = ""

    def ratio(self, row: Row) -> float | None:
        """How many times its floor `row` takes, by the medians; None for a floor."""
        floor = next((one for one in self.rows if one.name == row.floor), None)
        return row.p50 / floor.p50 if floor else None


def percentile(times: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of `times`, which are not empty."""
    ordered = sorted(times)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1]
