"""Reports on a gate run: a model built once, and its forms for terminal, programs, browser."""

from zu_redteam.report.build import build_report
from zu_redteam.report.html import render_html
from zu_redteam.report.json_document import render_json
from zu_redteam.report.model import SCHEMA, ReportModel
from zu_redteam.report.terminal import print_report, render_verdict, terminal_report

__all__ = [
    "SCHEMA",
    "ReportModel",
    "build_report",
    "print_report",
    "render_html",
    "render_json",
    "render_verdict",
    "terminal_report",
]
