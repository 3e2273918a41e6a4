"""The report as one static HTML page: no scripts, no network, nothing beside the file.

The page's policy (CSP) allows its own style sheet by hash and nothing else, so markup of a
target that slipped through the escaping would still do nothing.
"""

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zu_redteam.report.model import ReportModel, Shown
from zu_redteam.report.text import visible
from zu_redteam.verdict.answer import SEVERITIES
from zu_redteam.verdict.describe import count

_PACKAGE = "zu_redteam.report"
_TEMPLATE = "report.html.j2"
_STYLE = "report.css"
_RANKS: dict[str, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def render_html(report: ReportModel) -> str:
    """The page. The same report gives the same text."""
    environment = _environment()
    style = environment.get_template(_STYLE).render()
    return environment.get_template(_TEMPLATE).render(
        report=report,
        style=Markup(style),  # noqa: S704 - the package's own file, nothing is put into it
        style_hash=_hash(style),
        tally=_tally(report),
        breaches=_breaches(report),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seconds"] = _seconds
    environment.filters["amount"] = count
    return environment


def _shown(value: Any) -> Any:
    """What stands for `value` in the page: text with nothing hidden in it, to be escaped."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return visible(value)


def _seconds(milliseconds: float) -> str:
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def _hash(style: str) -> str:
    """The source expression of a style sheet (CSP Level 3, section 8.3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _breaches(report: ReportModel) -> list[tuple[str, Shown]]:
    """All evidence with the name of its observer, the gravest first."""
    pairs = [(observer.name, item) for observer in report.observers for item in observer.evidence]
    return sorted(pairs, key=lambda pair: _RANKS.get(pair[1].severity, len(_RANKS)))


def _tally(report: ReportModel) -> dict[str, int]:
    items = report.timeline
    return {
        "calls": sum(item.kind == "call" for item in items),
        "attacks": sum(item.intent == "attack" for item in items),
        "facts": sum(len(item.facts) + item.hidden for item in items),
        "breaches": sum(len(observer.evidence) for observer in report.observers),
    }
