"""The trial in a real box, and where none can be made."""

from zu_cli.diagnosis import trial
from zu_core.errors import Unavailable


async def test_a_box_of_this_machine_is_probed_check_by_check():
    found = await trial.try_box()
    assert found.held, found.reason
    assert {"tcp-denied", "host-files", "system-calls"} <= {one.name for one in found.checks}


async def test_a_box_that_cannot_be_made_is_told_with_its_remedy(monkeypatch):
    class Nothing:
        def box(self, spec, recorder):
            raise Unavailable("no box: bubblewrap is not installed", advice="install it")

    monkeypatch.setattr(trial, "BubblewrapContainment", Nothing)
    found = await trial.try_box()
    assert (found.held, found.checks) == (False, ())
    assert (found.reason, found.remedy) == ("no box: bubblewrap is not installed", "install it")


async def test_a_program_that_fails_is_no_box_that_holds(monkeypatch):
    monkeypatch.setattr(trial, "_PROGRAM", "/bin/false")
    found = await trial.try_box()
    assert not found.held
    assert "ended with 1" in found.reason
