import json

import msgspec

from zu_redteam.report import SCHEMA, ReportModel, render_json


def test_the_document_is_the_model(failed: ReportModel) -> None:
    document = json.loads(render_json(failed))
    assert document["schema"] == SCHEMA == "zu.report/1"
    assert msgspec.convert(document, ReportModel) == failed


def test_a_terminal_obeys_nothing_in_it(failed: ReportModel) -> None:
    text = render_json(failed)
    assert text.isascii()
    assert all(char == "\n" or char.isprintable() for char in text)
    assert text.endswith("}\n")


def test_the_same_report_gives_the_same_bytes(failed: ReportModel) -> None:
    assert render_json(failed) == render_json(failed)


def test_the_names_of_the_document(passed: ReportModel) -> None:
    document = json.loads(render_json(passed))
    assert set(document) == {
        "schema", "version", "started", "elapsed_ms", "target", "seed", "cases", "again",
        "verdict", "missing",
        "observers", "needs", "proposal", "envelope", "boxes", "probes", "stages",
        "monitors", "canaries", "timeline", "hidden_items", "log",
    }  # fmt: skip
    assert document["verdict"] == {
        "verdict": "pass",
        "label": "PASS",
        "exit_code": 0,
        "reason": passed.verdict.reason,
    }
