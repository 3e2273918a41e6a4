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


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept.

    Attributes:
        row: name of the row that it is about.
        at_most: its ratio to its floor or, for a row without a floor, its median.
    """

    row: str
    at_most: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one benchmark found.

    Attributes:
        rows: floors and what is compared with them; they ran by turns.
        missing: why there are no rows, or "".
    """

    name: str
    unit: str
    rows: tuple[Row, ...] = ()
    aims: tuple[Aim, ...] = ()
    missing: str = ""

    def ratio(self, row: Row) -> float | None:
        """How many times its floor `row` takes, by the medians; None for a floor."""
        floor = next((one for one in self.rows if one.name == row.floor), None)
        return row.p50 / floor.p50 if floor else None

    def aim(self, row: Row) -> Aim | None:
        """The aim of `row`, if it has one."""
        return next((one for one in self.aims if one.row == row.name), None)

    def kept(self, row: Row) -> bool | None:
        """Whether the aim of `row` is kept; None if it has none."""
        aim, ratio = self.aim(row), self.ratio(row)
        return None if aim is None else (row.p50 if ratio is None else ratio) <= aim.at_most


def percentile(times: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of `times`, which are not empty."""
    ordered = sorted(times)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1]
