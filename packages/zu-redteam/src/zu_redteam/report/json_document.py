"""The report as one JSON document (`zu test-plugin --json`)."""

import json

import msgspec

from zu_redteam.report.model import ReportModel


def render_json(report: ReportModel) -> str:
    """One document, indented, ASCII only: a terminal obeys nothing in it. Ends with a newline."""
    return json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=True) + "\n"
