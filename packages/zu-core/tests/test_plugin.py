from importlib.metadata import EntryPoint

import pytest

from zu_core.errors import PluginError
from zu_core.memory import MemorySink
from zu_core.plugin import Plugin, check_methods, import_plugin, origin
from zu_core.ports import EventSink, Tool


def plugin(reference):
    return Plugin(kind="sinks", name="x", reference=reference, distribution="stranger 1")


def test_a_reference_is_imported():
    assert import_plugin(plugin("zu_core.memory:MemorySink")) is MemorySink


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1/0", "ZeroDivisionError"),
        ("def f(:", "SyntaxError"),
        ("", "AttributeError"),
    ],
)
def test_whatever_an_import_does_is_a_plugin_error(tmp_path, monkeypatch, code, words):
    name = f"stranger_{abs(hash(code))}"
    (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match=words) as caught:
        import_plugin(plugin(f"{name}:Sink"))
    assert caught.value.advice == "repair or remove stranger 1"


def test_methods_of_the_port_are_asked_for():
    check_methods("sinks", "x", MemorySink, EventSink)
    check_methods("sinks", "x", MemorySink(), EventSink)
    check_methods("sinks", "x", object(), None)
    check_methods("sinks", "x", lambda: MemorySink(), EventSink)  # noqa: PLW0108
    with pytest.raises(PluginError, match="has no append, append_many, close, stream, verify"):
        check_methods("sinks", "x", object(), EventSink)
    with pytest.raises(PluginError, match="has no __call__"):
        check_methods("tools", "x", object(), Tool)
    with pytest.raises(PluginError, match="has no __call__"):
        check_methods("tools", "x", type("Silent", (), {}), Tool)


def test_the_origin_of_a_point_without_distribution():
    assert origin(EntryPoint("x", "a:b", "zu.sinks")) == "an unknown distribution"
