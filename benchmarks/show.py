"""Reports as tables for a person and as one JSON document for a program."""

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine
from benchmarks.measure import Report


def show(machine: Machine, reports: list[Report]) -> None:
    """Print one table for each report."""
    console = Console(highlight=False)
    console.print(
        f"{machine.cores} cores, Linux {machine.kernel} {machine.architecture}, Python "
        f"{machine.python}, load {machine.load}, {'root' if machine.root else 'ordinary user'}"
    )
    for report in reports:
        if report.missing:
            console.print(f"\n{report.name}: not measured, {report.missing}", markup=False)
        else:
            console.print(_table(report))


def as_json(machine: Machine, reports: list[Report]) -> str:
    """Return one document: the machine, and p50, p95, minimum and ratio of each row."""
    found = [
        {
            "name": report.name,
            "unit": report.unit,
            "missing": report.missing,
            "rows": [
                {
                    "name": row.name,
                    "runs": len(row.times),
                    "p50": row.p50,
                    "p95": row.p95,
                    "min": min(row.times),
                    "floor": row.floor,
                    "ratio": report.ratio(row),
                    "aim": aim.at_most if (aim := report.aim(row)) else None,
                    "kept": report.kept(row),
                }
                for row in report.rows
            ],
        }
        for report in reports
    ]
    return msgspec.json.encode({"machine": machine, "reports": found}).decode()


def _table(report: Report) -> Table:
    table = Table(title=f"\n{report.name} ({report.unit})", title_justify="left")
    table.add_column("")
    for head in ("runs", "p50", "p95", "min", "ratio", "aim"):
        table.add_column(head, justify="right")
    for row in report.rows:
        ratio = report.ratio(row)
        aim = report.aim(row)
        table.add_row(
            row.name,
            str(len(row.times)),
            *(f"{one:.1f}" for one in (row.p50, row.p95, min(row.times))),
            f"{ratio:.2f}" if ratio else "",
            f"<= {aim.at_most:g}: {'kept' if report.kept(row) else 'missed'}" if aim else "",
        )
    return table
