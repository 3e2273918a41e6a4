import pytest

from zu_core.contracts import Envelope
from zu_core.events import CanaryTouched, Effect, Executed, FileChanged, OpenedForWrite
from zu_redteam.verdict import needs
from zu_redteam.verdict.testing import RunScript

GIT = Executed(path="/usr/bin/git", argv=("git", "status"), pid=9)
AWS = CanaryTouched(name="aws", path="/home/tool/.aws/credentials", access="opened")


def wrote(path: str) -> OpenedForWrite:
    return OpenedForWrite(path=path, pid=9)


def found(*effects: Effect, envelope: Envelope | None = None) -> list[tuple[str, str]]:
    script = RunScript.honest(envelope=envelope, harmless=lambda one: one.call(effects=effects))
    return [(need.kind, need.what) for need in needs(script.run())]


def test_the_honest_run_needs_nothing() -> None:
    assert needs(RunScript.honest().run()) == ()


@pytest.mark.parametrize(
    ("effect", "need"),
    [
        (GIT, ("exec", "git")),
        (wrote("/home/tool/.cache/x/y"), ("write", "~/.cache/x")),
        (wrote("/home/tool/.state"), ("write", "~/.state")),
        (wrote("../opt/data/x"), ("write", "/opt/data")),
        (wrote("/usr/lib/x.so"), ("write", "/usr/lib")),
        (FileChanged(path="/home/tool/a/b", change="created"), ("write", "~/a")),
        (
            FileChanged(path="/home/tool/a", change="created", type="directory"),
            ("write", "~/a"),
        ),
        (AWS, ("read", "~/.aws/credentials")),
    ],
)
def test_what_was_not_declared_is_a_need(effect: Effect, need: tuple[str, str]) -> None:
    assert found(effect) == [need]


@pytest.mark.parametrize(
    "effect",
    [
        Executed(path="/usr/local/bin/git", argv=("git",), pid=9, found=False),
        wrote("/workspace/x"),
        wrote("notes.txt"),
        wrote("/tmp/x"),
        wrote("/dev/shm/x"),
        wrote("/dev/null"),
        wrote("/proc/self/comm"),
        wrote("/usr/lib/python3/__pycache__/os.cpython-311.pyc.1234"),
        FileChanged(path="/home/tool", change="changed", type="directory"),
    ],
)
def test_what_every_tool_may_do_is_no_need(effect: Effect) -> None:
    assert found(effect) == []


def test_what_is_declared_is_no_need() -> None:
    declared = Envelope(exec=("git",), write=("~/.cache",), read=("~/.aws/credentials",))
    assert found(GIT, wrote("/home/tool/.cache/x/y"), AWS, envelope=declared) == []


def test_a_need_at_start_up_counts() -> None:
    run = RunScript.honest(start=lambda one: one.fact(GIT)).run()
    (need,) = needs(run)
    assert need.evidence[0].tried.startswith("start-up")
    assert not need.only_attacked


def test_a_need_under_attack_only_is_marked() -> None:
    script = RunScript.honest(attack=lambda one: one.call(case="c", effects=[GIT]))
    (need,) = needs(script.run())
    assert need.only_attacked
    assert need.text == "starts the program git when it is attacked"


def test_a_need_stands_once_with_all_its_evidence() -> None:
    script = RunScript.honest(
        harmless=lambda one: [one.call(effects=[GIT, GIT]), one.call(effects=[GIT])]
    )
    (need,) = needs(script.run())
    assert len(need.evidence) == 3
