"""The survey as a whole."""

from zu_backends.machine import attempts
from zu_backends.machine import survey as survey_module
from zu_backends.machine.survey import parse, survey
from zu_core.errors import Unavailable


def test_all_that_the_default_tier_needs_is_found_on_a_machine_that_runs_boxes():
    found = {one.name: one for one in survey()}
    assert {*attempts.ATTEMPTS, "kernel", "bubblewrap", "inotify", "cgroup v1", "cgroup v2"} <= set(
        found
    )
    assert all(one.state == "ok" for one in found.values() if one.needed)


def test_an_attempt_without_an_answer_is_unknown():
    said = (
        b'["user namespaces", false, "no box: refused", "allow it"]\n'
        b'["landlock", true, "ABI 7", ""]\n'
    )
    found = {one.name: one for one in parse(said, "Traceback: x")}
    assert found["user namespaces"].state == "missing"
    assert found["user namespaces"].found == "refused"
    assert found["user namespaces"].remedy == "allow it"
    assert (found["landlock"].state, found["landlock"].needed) == ("ok", False)
    assert found["nf_tables"].state == "unknown"
    assert "Traceback: x" in found["nf_tables"].found


def test_a_missing_bubblewrap_has_its_remedy(monkeypatch):
    def nothing():
        raise Unavailable("no box: bubblewrap is not installed", advice="install it")

    monkeypatch.setattr(survey_module, "find_bwrap", nothing)
    found = survey_module.bubblewrap()
    assert (found.state, found.remedy) == ("missing", "install it")


def test_attempts_that_cannot_start_are_unknown(monkeypatch):
    monkeypatch.setattr(survey_module.sys, "executable", "/nonexistent")
    assert {one.state for one in survey_module._attempted()} == {"unknown"}
