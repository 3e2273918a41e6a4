import pytest

from zu_cli.gating.launchers import refuse_launcher
from zu_core.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "install", "run"),
    [
        (
            "uvx mcp-server-time==1.0 --tz UTC",
            "uv tool install mcp-server-time",
            "-- mcp-server-time",
        ),
        ("/opt/bin/uvx", "uv tool install PACKAGE", "-- PACKAGE"),
        ("uv tool run a-server", "uv tool install a-server", "-- a-server"),
        ("uv run server.py", "uv sync", "-- .venv/bin/server.py"),
        ("npx -y @scope/server stdio", "npm install @scope/server", "node_modules/.bin/"),
        ("pipx run a-server", "pipx install a-server", "-- a-server"),
    ],
)
def test_what_fetches_a_package_is_refused_with_the_way_around(line, install, run):
    with pytest.raises(ConfigError) as caught:
        refuse_launcher(line.split())
    assert f"`{install}" in caught.value.advice
    assert run in caught.value.advice


@pytest.mark.parametrize("line", ["python server.py", "uv", "npm", "node uvx", "./myuvx"])
def test_other_programs_are_not_refused(line):
    refuse_launcher(line.split())
