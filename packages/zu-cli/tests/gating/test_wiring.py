from pathlib import Path

from zu_backends.boxes.installation import Installation
from zu_cli.gating.request import Declared, Request
from zu_cli.gating.wiring import box_of, options_of
from zu_core.contracts import Envelope, Mount


def request(**changes):
    values = {
        "installation": Installation(
            argv=("/opt/x/bin/tool",), mounts=(Mount(path="/opt/x", reason="program"),)
        ),
        "declared": Declared(envelope=Envelope(exec=("git",)), origin="flags"),
        "seed": 7,
    }
    return Request(**(values | changes))


def test_the_box_gets_what_was_declared_and_named():
    spec = box_of(
        request(mounts=(Path("/srv/src"),), workspace=Path("/srv/w"), environment=(("TZ", "UTC"),))
    )
    assert spec.envelope == Envelope(exec=("git",))
    assert [mount.path for mount in spec.mounts] == ["/opt/x", "/srv/src"]
    assert spec.workspace == "/srv/w"
    assert spec.environment == (("TZ", "UTC"),)
    assert box_of(request()).workspace == ""


def test_canaries_are_fresh_for_each_box():
    first, second = box_of(request()), box_of(request())
    assert first.canaries
    secrets = [{s for canary in spec.canaries for s in canary.secrets} for spec in (first, second)]
    assert not secrets[0] & secrets[1]


def test_a_long_run_gets_a_box_that_lives_as_long():
    assert box_of(request(whole_seconds=10)).limits.wall_seconds == 300
    assert box_of(request(whole_seconds=900)).limits.wall_seconds == 900


def test_scripts_find_their_interpreter_unless_the_user_says_where():
    shown = Installation(argv=("/opt/x/bin/tool",), mounts=(), search_path=("/opt/node/bin",))
    path = dict(box_of(request(installation=shown)).environment)["PATH"].split(":")
    assert path[:2] == ["/opt/node/bin", "/opt/x/bin"]
    assert "/usr/bin" in path
    own = box_of(request(installation=shown, environment=(("PATH", "/x"),)))
    assert dict(own.environment)["PATH"] == "/x"


def test_the_driver_gets_what_was_asked_for():
    options = options_of(
        request(cases=frozenset({"path-home"}), call_seconds=2.0, whole_seconds=30.0)
    )
    assert (options.cases, options.seed) == ({"path-home"}, 7)
    assert (options.patience.call, options.whole) == (2.0, 30.0)
    assert options.origin == "flags"
    assert options.version
