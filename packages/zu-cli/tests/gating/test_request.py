from pathlib import Path

import pytest

from zu_cli.gating.request import (
    Flags,
    command_line,
    config_in_use,
    declared,
    directory,
    made,
    variables,
)
from zu_core.contracts import Envelope
from zu_core.errors import ConfigError


@pytest.mark.parametrize("words", [None, [], ["", "x"]])
def test_a_missing_command_is_answered_with_an_example(words):
    with pytest.raises(ConfigError) as caught:
        command_line(words, "/usr/bin")
    assert "zu test-plugin -- python server.py" in caught.value.advice


def test_the_program_is_found_and_its_arguments_are_kept():
    found = command_line(["env", "-i", "--", "--json"], "/usr/bin:/bin")
    assert found.argv == ("/usr/bin/env", "-i", "--", "--json")


def test_flags_add_to_the_file(tmp_path):
    path = tmp_path / "zu.toml"
    path.write_text('[envelope]\nexec = ["git"]\ncapabilities = ["mail.send"]\n')
    flags = Flags(exec=("git", "node"), egress=("api.example.com",))
    result = declared(flags, path)
    assert result.envelope == Envelope(
        exec=("git", "node"), egress=("api.example.com",), capabilities=("mail.send",)
    )
    assert result.origin == f"{path} and flags"


def test_without_file_and_flags_nothing_is_declared(tmp_path):
    assert config_in_use(None, default=tmp_path / "zu.toml") is None
    result = declared(Flags(), None)
    assert (result.envelope, result.origin) == (Envelope(), "nowhere")


def test_a_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        declared(Flags(), config_in_use(tmp_path / "zu.toml", default=tmp_path / "x"))


def test_a_flag_that_is_refused_is_named():
    with pytest.raises(ConfigError, match=r"^--egress: `\*\.com` is too broad"):
        declared(Flags(egress=("api.example.com", "*.com")), None)


def test_variables_are_names_and_values():
    assert variables(["A=1", "B=x=y", "A="], {}) == (("A", ""), ("B", "x=y"))
    for wrong in ("", "=1", "A=\0"):
        with pytest.raises(ConfigError, match="NAME=VALUE"):
            variables([wrong], {})


def test_a_name_alone_is_passed_on():
    assert variables(["KEY", "A=1"], {"KEY": "secret", "B": "x"}) == (("KEY", "secret"), ("A", "1"))
    with pytest.raises(ConfigError, match="'KEY' is not set here"):
        variables(["KEY"], {})


def test_directories_are_resolved_and_the_root_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").touch()
    assert directory(tmp_path / "link", flag="--mount") == tmp_path.resolve()
    with pytest.raises(ConfigError, match="more than a server should see"):
        directory(Path("/"), flag="--mount")
    with pytest.raises(ConfigError, match="no directory"):
        directory(tmp_path / "file", flag="--mount")
    with pytest.raises(ConfigError, match="No such file"):
        directory(tmp_path / "none", flag="--mount")


def test_the_directory_of_the_page_is_made(tmp_path):
    assert made(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="--report"):
        made(tmp_path / "file")
