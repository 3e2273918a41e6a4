"""Runs the benchmarks and prints what they found."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from benchmarks import box_start, egress, message_latency, trapped_calls, verdict_time
from benchmarks.machine import this_machine
from benchmarks.measure import Report
from benchmarks.show import as_json, show

_Found = Report | tuple[Report, ...]
_BENCHMARKS: dict[str, Callable[[int], Awaitable[_Found]]] = {
    "start": box_start.measure,
    "message": message_latency.measure,
    "calls": trapped_calls.measure,
    "verdict": verdict_time.measure,
    "egress": egress.measure,
}


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Some of: {', '.join(_BENCHMARKS)}. Default: all.")
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=1, help="How often boxes are started.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Measure what Zu costs, with floors in the same run."""
    unknown = set(names or ()) - set(_BENCHMARKS)
    if unknown:
        raise typer.BadParameter(f"no benchmark is called {', '.join(sorted(unknown))}")
    reports: list[Report] = []
    for name in names or _BENCHMARKS:
        found = asyncio.run(_awaited(_BENCHMARKS[name], runs))
        reports += found if isinstance(found, tuple) else (found,)
    if json:
        print(as_json(this_machine(), reports))
    else:
        show(this_machine(), reports)


async def _awaited(measure: Callable[[int], Awaitable[_Found]], runs: int) -> _Found:
    return await measure(runs)


typer.run(main)
