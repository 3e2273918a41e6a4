import pytest

from zu_cli.loading import load
from zu_cli.main import COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_of_the_table_is_there(command):
    assert callable(load(command.function))
