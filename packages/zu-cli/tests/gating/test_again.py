from pathlib import Path

from zu_backends.boxes.installation import Installation
from zu_cli.gating.again import flags_again
from zu_cli.gating.request import Declared, Flags, Request
from zu_core.contracts import Envelope


def request(**changes):
    return Request(
        installation=Installation(argv=("/opt/x/bin/tool",), mounts=()),
        declared=Declared(envelope=Envelope(), origin="flags"),
        seed=7,
        **changes,
    )


def test_a_plain_run_needs_no_flags():
    assert flags_again(Flags(), None, request(), ()) == ()


def test_all_that_makes_the_box_is_told_again(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    flags = Flags(egress=("a.example",), exec=("git", "sh"), write=("~/c",), read=("~/.netrc",))
    asked = request(
        mounts=(Path("/srv/x"),),
        workspace=Path("/srv/w"),
        environment=(("A", "1"), ("KEY", "secret")),
        whole_seconds=20.5,
        call_seconds=3.0,
    )
    again = flags_again(flags, Path("zu.toml"), asked, ("A=1", "KEY"))
    assert " ".join(again) == (
        f"--config {tmp_path}/zu.toml --egress a.example --exec git --exec sh --write ~/c"
        " --read ~/.netrc --mount /srv/x --workspace /srv/w --env A=1 --env KEY"
        " --timeout 20.5 --call-timeout 3"
    )


def test_a_value_that_is_passed_on_stays_out_of_the_record():
    assert "secret" not in str(
        flags_again(Flags(), None, request(environment=(("KEY", "secret"),)), ("KEY",))
    )
