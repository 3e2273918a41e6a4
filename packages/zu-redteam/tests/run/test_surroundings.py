from pathlib import Path

import pytest

from zu_core.contracts import BoxSpec, Canary, Envelope
from zu_core.events import CanaryPlanted, ProgramStarted
from zu_redteam.run.surroundings import Surroundings, with_workspace

CANARY = Canary(name="aws", path=".aws/credentials", content="k", secrets=("s",))


async def test_paths_are_learnt_from_facts_of_the_box(bus, recorder):
    surroundings = Surroundings(with_workspace(BoxSpec(canaries=(CANARY,))))
    bus.subscribe(surroundings.hear)
    planted = "/home/box/.aws/credentials"
    await recorder.record(CanaryPlanted(name="aws", path=planted, secrets=("s",)))
    await recorder.record(ProgramStarted(argv=("x",), cwd="/home/box/workspace"))
    places = surroundings.places
    assert (places.home, places.workspace) == ("/home/box", "/home/box/workspace")
    assert places.path == "/home/box/workspace/notes.txt"


async def test_an_unknown_canary_teaches_nothing(bus, recorder):
    surroundings = Surroundings(BoxSpec())
    bus.subscribe(surroundings.hear)
    await recorder.record(CanaryPlanted(name="x", path="/h/.aws/credentials", secrets=("s",)))
    assert surroundings.places.home == ""


def test_the_sample_workspace_holds_the_file_that_calls_name():
    spec = with_workspace(BoxSpec())
    assert (Path(spec.workspace) / "notes.txt").is_file()


def test_a_given_workspace_stays_and_lends_its_files(tmp_path):
    (tmp_path / "own.csv").write_text("a,b")
    spec = with_workspace(BoxSpec(workspace=str(tmp_path)))
    assert spec.workspace == str(tmp_path)
    assert Surroundings(spec).places.file == "own.csv"


@pytest.mark.parametrize(
    ("egress", "host"),
    [
        ((), "example.com"),
        (("10.0.0.0/8", "api.example.net:8443"), "api.example.net:8443"),
        (("*.example.net",), "www.example.net"),
    ],
)
def test_calls_name_a_host_that_is_declared(egress, host):
    spec = BoxSpec(envelope=Envelope(egress=egress))
    assert Surroundings(spec).places.host == host
