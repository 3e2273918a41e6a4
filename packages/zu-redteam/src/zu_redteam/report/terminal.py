"""The report on a terminal: two tables, each breach in full, what would have to be declared.

All text of the target goes through `visible`; `rich` gets `Text` objects, never markup.
"""

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from zu_redteam.report.model import NeedLine, ObserverLine, ReportModel, Shown, VerdictLine
from zu_redteam.report.text import cut, line, visible
from zu_redteam.verdict.judge import GateVerdict

_VERDICT_STYLE = {
    "pass": "bold green",
    "fail": "bold red",
    "needs-review": "bold yellow",
    "inconclusive": "bold magenta",
}
_WORD_STYLE = {"held": "green", "ran": "green", "breach": "bold red"}
_OPEN_STYLE = "bold magenta"
_EVIDENCE_SHOWN = 5
_DETAIL_SHOWN = 4000


def print_report(report: ReportModel, console: Console) -> None:
    """Print the report; colours and width are the console's business."""
    console.print(terminal_report(report), soft_wrap=False)


def terminal_report(report: ReportModel) -> RenderableType:
    """The report as one renderable."""
    return Group(*_parts(report))


def render_verdict(verdict: GateVerdict) -> str:
    """The verdict in plain lines: the word and the reason, then one line for each observer."""
    lines = [f"{verdict.verdict.value.replace('-', ' ').upper()}: {line(verdict.reason)}"]
    lines += [
        f"  {result.name:<14}{result.word:<14}{line(result.answer.reason)}"
        for result in verdict.answers
    ]
    lines += [f"  missing: {line(one)}" for one in verdict.missing]
    lines += [f"  undeclared: {line(need.text)}" for need in verdict.needs]
    return "\n".join(lines)


def _parts(report: ReportModel) -> Iterator[RenderableType]:
    yield _stages(report)
    yield _observers(report)
    for observer in report.observers:
        if observer.evidence:
            yield from _breach(observer)
    if report.missing:
        yield Text("\nNot complete", style=_OPEN_STYLE)
        for one in report.missing:
            shown = visible(cut(one, _DETAIL_SHOWN))
            yield Padding(Text(shown), (0, 0, 0, 2))
    if report.needs:
        yield from _needs(report.needs, report.proposal)
    yield Text("")
    yield _banner(report.verdict)
    yield _log(report)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, column in enumerate(columns):
        last = number == len(columns) - 1
        table.add_column(column, overflow="fold", no_wrap=not last)
    return table


def _stages(report: ReportModel) -> Table:
    table = _table("stage", "result", "time", "")
    for stage in report.stages:
        style = _WORD_STYLE.get(stage.outcome, _OPEN_STYLE)
        time = f"{stage.elapsed_ms / 1000:.2f} s"
        table.add_row(
            Text(line(stage.name)),
            Text(stage.outcome, style),
            time,
            Text(line(stage.reason.partition("\n")[0], 200)),
        )
    return table


def _observers(report: ReportModel) -> RenderableType:
    table = _table("observer", "result", "reason")
    for observer in report.observers:
        style = _WORD_STYLE.get(observer.answer, _OPEN_STYLE)
        reason = Text(line(observer.reason, 300))
        table.add_row(Text(observer.name), Text(observer.answer, style), reason)
    return Padding(table, (1, 0, 0, 0))


def _breach(observer: ObserverLine) -> Iterator[RenderableType]:
    rule = (f" (rule: {observer.title})", "dim")
    yield Text.assemble(("\nBreach: ", "bold red"), (observer.name, "bold"), rule)
    for number, item in enumerate(observer.evidence[:_EVIDENCE_SHOWN], start=1):
        yield Padding(_evidence(number, item), (0, 0, 0, 2))
    more = len(observer.evidence) - _EVIDENCE_SHOWN
    if more > 0:
        yield Text(f"  … and {more} more, see the report or --json")


def _evidence(number: int, item: Shown) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(f"{number}. tried", Text(line(item.tried)))
    table.add_row("   seen", _seen(item))
    table.add_row("   by", Text(line(f"{item.monitor} ({item.severity})")))
    if item.detail:
        table.add_row("   detail", _diff(visible(cut(item.detail, _DETAIL_SHOWN))))
    if item.reproduce:
        table.add_row("   again", Text(line(item.reproduce, 1000), style="cyan"))
    return table


def _seen(item: Shown) -> Text:
    text = Text(line(item.seen), style="bold")
    if item.times > 1:
        text.append(f"  ({item.times} times)", style="not bold dim")
    return text


def _diff(detail: str) -> Text:
    text = Text()
    for row in detail.rstrip("\n").split("\n"):
        header = row.startswith(("+++", "---", "@@"))
        style = "dim" if header else {"+": "green", "-": "red"}.get(row[:1], "")
        text.append(row + "\n", style)
    return text


def _needs(needs: tuple[NeedLine, ...], proposal: str) -> Iterator[RenderableType]:
    yield Text("\nDone without being declared", style="bold yellow")
    for need in needs:
        seen = need.evidence[0] if need.evidence else None
        where = f" ({line(seen.tried, 120)}, seen by {line(seen.monitor, 40)})" if seen else ""
        yield Text(f"  {line(need.text)}{where}")
    if proposal:
        yield Text("\nThis zu.toml would declare it; write only what the tool should do:")
        yield Padding(Text(visible(proposal.rstrip("\n")), style="cyan"), (0, 0, 0, 2))


def _banner(verdict: VerdictLine) -> Panel:
    style = _VERDICT_STYLE.get(verdict.verdict, "bold")
    words = Text.assemble((verdict.label, style), f"  {line(verdict.reason, 600)}")
    return Panel(words, border_style=style, expand=False)


def _log(report: ReportModel) -> Text:
    log = report.log
    where = f", positions {log.first}-{log.last}, head {log.head[:16]}" if log.head else ""
    return Text(f"log: trace {line(log.trace)}, {log.events} events{where}", style="dim")
