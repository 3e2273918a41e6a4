import io
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from zu_redteam.report import ReportModel, print_report, render_verdict
from zu_redteam.verdict import judge
from zu_redteam.verdict.testing import RunScript


def printed(report: ReportModel, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_report(report, console)
    out = console.file
    assert isinstance(out, io.StringIO)
    return out.getvalue()


def obeyed(text: str) -> set[str]:
    return {char for char in text if char != "\n" and not char.isprintable()}


def test_a_failure_is_told_in_full(failed: ReportModel) -> None:
    text = printed(failed, 160)
    for words in (
        "FAIL",
        "tried",
        "seen",
        "monitor.test",
        "zu test-plugin --seed 7 --case command-1",
        "␛[2J",
    ):
        assert words in text
    assert obeyed(text) == set()


def test_a_pass_is_short(passed: ReportModel) -> None:
    text = printed(passed)
    assert "PASS" in text
    assert "Breach" not in text
    assert len(text.splitlines()) < 30


def test_undeclared_behaviour_is_listed_with_the_file_that_declares_it(
    reviewed: ReportModel,
) -> None:
    text = printed(reviewed)
    assert "NEEDS REVIEW" in text
    assert "starts the program git" in text
    assert '[envelope]\n  exec = ["git"]' in "\n".join(row.rstrip() for row in text.splitlines())


def test_what_is_missing_is_listed(open_run: ReportModel) -> None:
    text = printed(open_run)
    assert "INCONCLUSIVE" in text
    assert "the box was not probed" in text


def test_markup_of_the_target_is_text(hostile: Callable[[str], ReportModel]) -> None:
    assert "[bold red]x[/bold red]" in printed(hostile("[bold red]x[/bold red]"), 200)


@given(text=st.text(alphabet=st.characters(), max_size=80), width=st.integers(40, 160))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_text_of_a_target_reaches_the_terminal_as_control(
    hostile: Callable[[str], ReportModel], text: str, width: int
) -> None:
    assert {char for char in obeyed(printed(hostile(text), width)) if char != "\u3000"} <= {
        "\xa0", *map(chr, range(0x2000, 0x200B)), "\u1680", "\u202f", "\u205f"
    }  # fmt: skip


def test_the_verdict_in_plain_lines() -> None:
    verdict = judge(RunScript.honest(without=("egress",)).run())
    text = render_verdict(verdict)
    assert text.startswith("INCONCLUSIVE: the evidence is not complete")
    assert "egress        undetermined" in text
