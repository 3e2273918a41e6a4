import sys
from importlib.metadata import EntryPoint, PathDistribution
from typing import Protocol

import pytest

from zu_core.errors import ConfigError, PluginError
from zu_core.memory import MemorySink
from zu_core.plugin import Plugin
from zu_core.registry import Registry


class Approver(Protocol):
    def approve(self) -> bool: ...


class Always:
    def approve(self) -> bool:
        return True


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that installs a distribution and returns its entry points."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name, points, **modules):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(points)
        for module, code in modules.items():
            (tmp_path / f"{module}.py").write_text(code)
        return tuple(PathDistribution(info).entry_points)

    return install


GOOD = "class Sink:\n" + "".join(
    f"    async def {name}(self, *a): ...\n"
    for name in ("append", "append_many", "stream", "verify", "close")
)


def test_discovery_imports_nothing(installed):
    installed("stranger", "[zu.sinks]\nother=stranger_a:Sink\n", stranger_a=GOOD)
    registry = Registry()
    found = registry.discover()
    assert (
        Plugin(kind="sinks", name="other", reference="stranger_a:Sink", distribution="stranger 1.0")
        in found
    )
    assert "stranger_a" not in sys.modules
    assert registry.load("sinks", "other").__name__ == "Sink"
    assert "stranger_a" in sys.modules


def test_a_broken_plugin_is_reported_and_the_rest_works(installed):
    points = installed(
        "stranger",
        "[zu.sinks]\nbad=stranger_b:Sink\ngood=stranger_c:Sink\nwrong=stranger_c:Sink.append\n"
        "empty=stranger_d:Sink\n",
        stranger_b="raise RuntimeError('boo')",
        stranger_c=GOOD,
        stranger_d="class Sink: ...",
    )
    registry = Registry()
    registry.discover(points)
    assert [plugin.name for plugin in registry.plugins("sinks")] == [
        "bad",
        "empty",
        "good",
        "wrong",
    ]
    with pytest.raises(PluginError, match="RuntimeError: boo"):
        registry.load("sinks", "bad")
    assert sorted(registry.load_all("sinks")) == ["good", "wrong"]
    problems = [(problem.name, problem.what) for problem in registry.problems]
    assert problems == [("bad", "broken"), ("empty", "broken")]


def test_two_distributions_with_one_name_lose_it(installed):
    points = installed("one", "[zu.sinks]\nsame=a:A\nmine=a:A\n")
    points += installed("two", "[zu.sinks]\nsame=b:B\n")
    registry = Registry()
    registry.discover(points)
    registry.discover(points)
    (problem,) = registry.problems
    assert (problem.what, problem.name) == ("collision", "same")
    assert problem.detail == "claimed by one 1.0 (a:A); two 1.0 (b:B)"
    assert [plugin.name for plugin in registry.plugins("sinks")] == ["mine"]
    with pytest.raises(ConfigError, match=r"one 1\.0; two 1\.0"):
        registry.load("sinks", "same")


def test_what_was_registered_comes_first_and_the_collision_is_told(installed):
    points = installed("one", "[zu.sinks]\nsame=a:A\n")
    registry = Registry()
    registry.register("sinks", "same", MemorySink)
    registry.discover(points)
    assert registry.load("sinks", "same") is MemorySink
    assert [problem.what for problem in registry.problems] == ["collision"]
    later = Registry()
    later.discover(points)
    later.register("sinks", "same", MemorySink)
    assert later.load("sinks", "same") is MemorySink
    assert [problem.what for problem in later.problems] == ["collision"]


def test_a_kind_can_come_with_a_distribution(installed):
    points = installed(
        "consumer",
        "[zu.kinds]\napprovers=consumer_a:Approver\n[zu.approvers]\nyes=consumer_a:Yes\nno=consumer_a:No\n",
        consumer_a="from typing import Protocol\n"
        "class Approver(Protocol):\n    def approve(self): ...\n"
        "class Yes:\n    def approve(self): ...\nclass No: ...\n",
    )
    registry = Registry()
    registry.discover(points)
    assert "approvers" in registry.kinds()
    assert "consumer_a" not in sys.modules
    assert list(registry.load_all("approvers")) == ["yes"]
    assert [problem.name for problem in registry.problems] == ["no"]


def test_a_kind_can_be_added_by_a_call():
    registry = Registry()
    registry.add_kind("approvers", Approver)
    registry.add_kind("approvers", Approver)

    @registry.provides("approvers", "always")
    class Mine(Always): ...

    assert registry.load("approvers", "always") is Mine
    with pytest.raises(PluginError, match="has no approve"):
        registry.register("approvers", "never", object())
    with pytest.raises(ConfigError, match="another Protocol"):
        registry.add_kind("approvers", Always)
    for name in ("", "a-b", "kinds"):
        with pytest.raises(ConfigError, match="can't name a kind"):
            registry.add_kind(name)


def test_a_kind_that_exists_is_not_replaced_by_a_distribution(installed):
    points = installed("stranger", "[zu.kinds]\nsinks=evil:Sink\n")
    registry = Registry()
    registry.discover(points)
    registry.register("sinks", "memory", MemorySink)
    assert "evil" not in sys.modules
    (problem,) = registry.problems
    assert (problem.kind, problem.what) == ("sinks", "collision")


def test_a_kind_without_protocol_is_told(installed):
    points = installed("consumer", "[zu.kinds]\nthings=sys:path\n[zu.things]\none=sys:path\n")
    registry = Registry()
    registry.discover(points)
    with pytest.raises(PluginError, match="refers to no Protocol"):
        registry.load("things", "one")
    assert [problem.kind for problem in registry.problems] == ["things"]


def test_a_point_of_an_unknown_kind_is_told():
    registry = Registry()
    assert registry.discover([EntryPoint("x", "a:b", "zu.surprise")]) == ()
    assert [(p.kind, p.what) for p in registry.problems] == [("surprise", "unknown kind")]


def test_a_configuration_can_refer_to_a_plugin():
    registry = Registry()
    registry.refer("sinks", "memory", "zu_core.memory:MemorySink")
    assert registry.load("sinks", "memory") is MemorySink
    for reference in ("", "a", "a:", ":b", "a b:c", "a:b()"):
        with pytest.raises(ConfigError, match=r"package\.module:name"):
            registry.refer("sinks", "other", reference)


def test_a_name_is_taken_once():
    registry = Registry()
    registry.register("sinks", "memory", MemorySink)
    for again in (
        lambda: registry.register("sinks", "memory", MemorySink),
        lambda: registry.refer("sinks", "memory", "a:b"),
    ):
        with pytest.raises(ConfigError, match="already"):
            again()
    registry.refer("sinks", "memory", "zu_core.memory:MemorySink", replace=True)
    assert registry.plugins("sinks")[0].reference == "zu_core.memory:MemorySink"


def test_unknown_names_say_what_there_is():
    registry = Registry()
    registry.register("sinks", "memory", MemorySink)
    with pytest.raises(ConfigError, match="known kinds: backends, channels"):
        registry.load("nothing", "x")
    with pytest.raises(ConfigError, match="there are: memory"):
        registry.load("sinks", "x")
    with pytest.raises(ConfigError, match="there are: none"):
        registry.load("tools", "x")


def test_registries_share_nothing():
    one, two = Registry(), Registry()
    one.register("sinks", "memory", MemorySink)
    one.add_kind("approvers", Approver)
    assert two.plugins("sinks") == ()
    assert "approvers" not in two.kinds()
