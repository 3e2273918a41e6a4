from zu_core.events import FileChanged
from zu_redteam.verdict.surfaces import surfaces
from zu_redteam.verdict.testing import RunScript


def test_every_answer_list_and_command_is_a_surface() -> None:
    groups = {surface.group for surface in surfaces(RunScript.honest().run())}
    assert groups == {"answers", "descriptions", "arguments"}


def test_a_surface_knows_its_call() -> None:
    run = RunScript.honest().run()
    calls = {call.invoked.event_id for call in run.calls}
    answers = [one for one in surfaces(run) if one.group == "answers"]
    assert {one.call_id for one in answers} == calls


def test_the_content_of_a_planted_file_is_no_surface() -> None:
    own = FileChanged(path="/home/tool/.aws/credentials", change="changed", sample=b"x")
    run = RunScript.honest(harmless=lambda one: one.call(effects=[own])).run()
    assert not [one for one in surfaces(run) if one.group == "files"]
