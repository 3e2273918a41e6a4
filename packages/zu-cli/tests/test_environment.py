import os
from pathlib import Path

import pytest

from zu_cli.environment import Environment
from zu_core.errors import ConfigError


def test_state_goes_where_the_base_directory_specification_says():
    assert Environment.of({"XDG_STATE_HOME": "/s", "HOME": "/h"}).state_directory() == Path("/s/zu")
    for relative in ("", "s", "./s"):
        found = Environment.of({"XDG_STATE_HOME": relative, "HOME": "/h"})
        assert found.state_directory() == Path("/h/.local/state/zu")


def test_without_a_home_the_user_is_asked_for_a_path():
    with pytest.raises(ConfigError, match="--log PATH"):
        Environment.of({}).state_directory()


def test_path_has_the_default_of_the_system():
    assert Environment.of({}).path == os.defpath
    assert Environment.of({"PATH": "/x"}).path == "/x"


@pytest.mark.parametrize(("value", "debug"), [("", False), ("0", False), ("1", True)])
def test_debug_is_a_switch(value, debug):
    assert Environment.of({"ZU_DEBUG": value}).debug is debug
