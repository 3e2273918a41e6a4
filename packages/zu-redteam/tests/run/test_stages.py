import asyncio

import pytest

from zu_core.errors import Unavailable
from zu_core.events import StageEnded, StageStarted
from zu_redteam.run.progress import Reporter
from zu_redteam.run.stages import STAGES, DidNotRun, Stages


@pytest.fixture
def stages(recorder):
    return Stages(recorder, Reporter(None))


async def test_a_stage_that_ran_has_its_note(stages, sink):
    async with stages.stage("list") as note:
        note.text = "3 tools"
    ended = sink.of(StageEnded)[0]
    assert (ended.stage, ended.outcome, ended.reason) == ("list", "ran", "3 tools")
    assert sink.of(StageStarted)[0].stage == "list"


@pytest.mark.parametrize("error", [DidNotRun("gone"), Unavailable("gone")])
async def test_a_stage_that_did_not_run_has_its_reason(stages, sink, error):
    with pytest.raises(type(error)):
        async with stages.stage("list"):
            raise error
    assert (sink.of(StageEnded)[0].outcome, sink.of(StageEnded)[0].reason) == (
        "did-not-run", "gone",
    )  # fmt: skip


async def test_a_stage_that_was_cut_off_did_not_run(stages, sink):
    with pytest.raises(asyncio.CancelledError):
        async with stages.stage("attack"):
            raise asyncio.CancelledError
    assert sink.of(StageEnded)[0].reason == "the run was cut off"


async def test_the_rest_is_skipped_in_order(stages, sink):
    async with stages.stage("box"):
        pass
    await stages.skip_rest("no reason")
    assert [one.stage for one in sink.of(StageEnded)] == list(STAGES)
