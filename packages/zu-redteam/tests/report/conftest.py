"""Records of runs that say as much as possible, and the reports on them."""

from collections.abc import Callable

import pytest

from zu_core.contracts import Envelope
from zu_core.events import (
    CanaryTouched,
    EgressObserved,
    Executed,
    Expectation,
    TargetSaid,
    TaskStarted,
    ToolDescription,
    ToolReturned,
    ToolsListed,
)
from zu_redteam.report import ReportModel, build_report
from zu_redteam.verdict import judge
from zu_redteam.verdict.testing import ARGV, SECRET, RunScript

HOSTILE = "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u202e\u200b\r{{7*7}}[bold]\x9b31m"


def hostile_script(text: str = HOSTILE) -> RunScript:
    """A run of a target that puts `text` wherever it can."""
    tool = ToolDescription(
        name=text, description=text, input_schema={}, definition=text, digest="00"
    )
    answer = ToolReturned(tool=text, outcome="tool-error", content=text + SECRET)
    effects = (
        Executed(path=f"/bin/{text}", argv=(text, "zuM1"), pid=3),
        EgressObserved(channel="dns", decision="denied", rule="not-declared", host=text),
        EgressObserved(
            channel="http", decision="denied", rule="r", host="a.test", detail=text, port=80
        ),
        CanaryTouched(name=text, path=f"~/{text}", access="read"),
    )
    script = RunScript.honest(
        envelope=Envelope(egress=("api.example.com",), exec=("git",)),
        harmless=lambda one: [
            one.call(text, effects=effects, returned=answer),
            one.add(TargetSaid(channel="stderr", text=text), source="target"),
        ],
        attack=lambda one: one.call(
            text,
            case="command-1",
            marker="zuM1",
            arguments={"x": text},
            expects=[Expectation(kind="exec", contains="zuM1")],
            effects=effects,
            returned=answer,
        ),
        relist=lambda one: one.add(
            ToolsListed(
                moment="after-calls", tools=(tool,), server=text, protocol=text, instructions=text
            )
        ),
    )
    script.replace_first(
        TaskStarted(
            goal="gate",
            argv=ARGV,
            version="1.0.0",
            seed=7,
            flags=("--egress", "api.example.com", "--mount", "/srv/clock"),
        )
    )
    return script


def report_of(script: RunScript) -> ReportModel:
    """The report on the run of `script`."""
    run = script.run()
    return build_report(run, judge(run))


@pytest.fixture
def hostile() -> Callable[[str], ReportModel]:
    """Makes the report on a target that says the given text everywhere."""
    return lambda text: report_of(hostile_script(text))


@pytest.fixture
def failed() -> ReportModel:
    """The report on a hostile target."""
    return report_of(hostile_script())


@pytest.fixture
def passed() -> ReportModel:
    """The report on an honest target."""
    return report_of(RunScript.honest())


@pytest.fixture
def reviewed() -> ReportModel:
    """The report on a target that does what it did not declare."""
    git = Executed(path="/usr/bin/git", argv=("git", "status"), pid=9)
    return report_of(RunScript.honest(harmless=lambda one: one.call(effects=[git])))


@pytest.fixture
def open_run() -> ReportModel:
    """The report on a run that lost a monitor and its probe."""
    return report_of(RunScript.honest(without=("files", "probe")))
