import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_redteam.verdict.paths import is_nothing, is_within, resolve, shorten


@pytest.mark.parametrize(
    ("spelling", "meaning"),
    [
        ("/home/tool/x", "/home/tool/x"),
        ("~/.bashrc", "/home/tool/.bashrc"),
        ("~", "/home/tool"),
        ("notes.txt", "/workspace/notes.txt"),
        ("../home/tool/.bashrc", "/home/tool/.bashrc"),
        ("/tmp/../home/tool/x", "/home/tool/x"),
        ("//etc//cron.d/x", "/etc/cron.d/x"),
        ("/proc/self/root/etc/passwd", "/etc/passwd"),
        ("~name/x", "/workspace/~name/x"),
    ],
)
def test_a_spelling_has_one_meaning(spelling: str, meaning: str) -> None:
    assert resolve(spelling) == meaning


@given(st.text(max_size=60))
def test_every_path_resolves_to_an_absolute_one_without_climbing(text: str) -> None:
    found = resolve(text)
    assert found.startswith("/")
    assert ".." not in found.split("/")
    assert resolve(found) == found or "/proc/" in found or "~" in found


def test_a_place_holds_itself_and_what_is_below_it() -> None:
    assert is_within("/tmp", ("/tmp",))
    assert is_within("/tmp/a/b", ("/tmp",))
    assert not is_within("/tmpfile", ("/tmp",))


@pytest.mark.parametrize("path", ["/dev/null", "/dev/pts/3", "/proc/self/oom_score_adj"])
def test_devices_and_the_own_process_are_nothing(path: str) -> None:
    assert is_nothing(path)


@pytest.mark.parametrize("path", ["/dev/sda", "/proc/sys/kernel/core_pattern", "/proc/1/mem"])
def test_other_devices_and_processes_are_something(path: str) -> None:
    assert not is_nothing(path)


def test_the_home_is_written_as_an_envelope_writes_it() -> None:
    assert shorten("/home/tool/.cache") == "~/.cache"
    assert shorten("/home/tools") == "/home/tools"
