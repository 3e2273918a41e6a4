"""A diagnosis in words and as JSON."""

import json

from zu_backends.machine.finding import Finding
from zu_cli.diagnosis.show import FAILS, HOLDS, as_json, as_text
from zu_cli.diagnosis.trial import Trial
from zu_core.events import ProbeCheck

FINDINGS = (
    Finding(name="kernel", state="ok", found="Linux 6.1"),
    Finding(name="landlock", state="missing", found="none", remedy="use \x1b[2J", needed=False),
)
HELD = ProbeCheck(name="disk", mechanism="size limit", outcome="held")
UNSEEN = ProbeCheck(name="exec-watch", mechanism="exec monitor", outcome="held", unseen=("exec",))
OUT = ProbeCheck(name="tcp", mechanism="network", outcome="escaped", detail="connected")


def test_a_box_that_holds_is_said_to():
    text = as_text(FINDINGS, Trial(held=True, checks=(HELD,), elapsed_ms=12.3))
    assert HOLDS in text
    assert "1 checks in 12 ms" in text
    assert "held     disk" in text
    assert "\x1b" not in text


def test_each_check_that_failed_tells_what_was_seen():
    text = as_text(FINDINGS, Trial(held=False, checks=(HELD, UNSEEN, OUT), reason="it leaks"))
    assert FAILS in text
    assert "unseen   exec-watch" in text
    assert "not seen by exec" in text
    assert "escaped  tcp" in text
    assert "connected" in text


def test_without_a_box_there_is_a_reason_and_a_remedy():
    text = as_text(FINDINGS, Trial(held=False, reason="no box: refused", remedy="allow it"))
    assert "no box: refused" in text
    assert "-> allow it" in text


def test_json_is_one_document():
    document = json.loads(as_json(FINDINGS, Trial(held=False, checks=(HELD, UNSEEN))))
    assert document["holds"] is False
    assert document["machine"][1]["state"] == "missing"
    assert [one["passed"] for one in document["box"]["checks"]] == [True, False]
