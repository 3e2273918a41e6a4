"""What commands of several ways of installation need of the host."""

import os
import pwd
from pathlib import Path

import pytest

from zu_backends.boxes.installation import find_installation, is_too_broad
from zu_core.errors import ConfigError


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def needed(installation):
    return {mount.path for mount in installation.mounts}


@pytest.fixture
def base(tmp_path):
    """A Python of its own prefix, as pyenv and uv make them, behind a private directory."""
    python = script(tmp_path / "private" / "py-3.12.1" / "bin" / "python3.12", "\x7fELF")
    (tmp_path / "private").chmod(0o700)
    return python


@pytest.fixture
def venv(tmp_path, base):
    root = tmp_path / "project" / ".venv"
    (root / "bin").mkdir(parents=True)
    (root / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3.12.1\n")
    (root / "bin" / "python").symlink_to(base)
    (root / "bin" / "python3").symlink_to("python")
    script(root / "bin" / "server", f"#!{root}/bin/python\nimport server\n")
    return root


def prefix_of(base):
    return str(base.parent.parent)


class TestPython:
    def test_a_command_of_a_virtual_environment(self, venv, base):
        found = find_installation(["server", "--port", "1"], f"{venv}/bin:/usr/bin", "/")
        assert found.argv == (f"{venv}/bin/server", "--port", "1")
        assert needed(found) == {str(venv), prefix_of(base)}

    def test_its_interpreter_keeps_its_name(self, venv, base):
        found = find_installation([f"{venv}/bin/python3", "-m", "server"], "", "/")
        assert found.argv[0] == f"{venv}/bin/python3"
        assert needed(found) == {str(venv), prefix_of(base)}

    def test_an_alias_of_the_interpreter_s_directory(self, venv, base, tmp_path):
        alias = base.parent.parent.with_name("py-3.12")
        alias.symlink_to(base.parent.parent.name)
        (venv / "bin" / "python").unlink()
        (venv / "bin" / "python").symlink_to(alias / "bin" / "python3.12")
        found = find_installation([f"{venv}/bin/python"], "", "/")
        assert needed(found) == {str(venv), str(alias), prefix_of(base)}

    def test_a_link_in_a_directory_of_links(self, venv, base, tmp_path):
        links = tmp_path / "links"
        links.mkdir()
        (links / "server").symlink_to(venv / "bin" / "server")
        found = find_installation(["server"], str(links), "/")
        assert found.argv == (f"{venv}/bin/server",)
        assert needed(found) == {str(venv), prefix_of(base)}

    def test_a_long_shebang(self, venv, base):
        text = f"#!/bin/sh\n'''exec' \"{venv}/bin/python\" \"$0\" \"$@\"\n' '''\n"
        script(venv / "bin" / "server", text)
        found = find_installation([f"{venv}/bin/server"], "", "/")
        assert needed(found) == {str(venv), prefix_of(base)}

    def test_a_script_named_on_the_command_line(self, venv, base, tmp_path):
        (tmp_path / "own.py").write_text("")
        found = find_installation([f"{venv}/bin/python", "own.py", "-x"], "", str(tmp_path))
        assert found.argv[1:] == (f"{tmp_path}/own.py", "-x")
        assert needed(found) == {str(venv), prefix_of(base), f"{tmp_path}/own.py"}

    def test_the_system_s_python_needs_nothing(self):
        if not os.path.exists("/usr/bin/python3"):
            pytest.skip("this system has no /usr/bin/python3")
        found = find_installation(["python3", "-c", "1"], "/usr/bin", "/")
        assert (found.argv[0], found.mounts) == ("/usr/bin/python3", ())

    def test_an_environment_in_a_home_directory_is_refused(self):
        home = pwd.getpwuid(os.getuid()).pw_dir
        assert is_too_broad(home)
        assert is_too_broad(os.path.dirname(home))
        assert is_too_broad(f"{home}/.local")
        assert not is_too_broad(f"{home}/project")


class TestNode:
    @pytest.fixture
    def project(self, tmp_path):
        root = tmp_path / "app"
        script(root / "node_modules" / "srv" / "dist" / "index.js", "#!/usr/bin/env node\n")
        (root / "node_modules" / ".bin").mkdir()
        (root / "node_modules" / ".bin" / "srv").symlink_to("../srv/dist/index.js")
        (root / "package.json").write_text("{}")
        (root / "server.js").write_text("")
        return root

    @pytest.fixture
    def node(self, tmp_path):
        return script(tmp_path / "nvm" / "v22.1.0" / "bin" / "node", "\x7fELF")

    def test_a_command_of_a_project(self, project, node):
        path = f"{project}/node_modules/.bin:{node.parent}"
        found = find_installation(["srv"], path, "/")
        assert needed(found) == {
            f"{project}/node_modules",
            f"{project}/package.json",
            prefix_of(node),
        }
        assert found.search_path == (str(node.parent),)
        assert os.path.realpath(found.argv[0]).endswith("index.js")
        assert any(found.argv[0].startswith(one) for one in needed(found))

    def test_a_global_command_lies_in_node_s_prefix(self, node):
        prefix = node.parent.parent
        script(prefix / "lib" / "node_modules" / "srv" / "i.js", "#!/usr/bin/env node\n")
        (prefix / "bin" / "srv").symlink_to("../lib/node_modules/srv/i.js")
        found = find_installation(["srv"], str(node.parent), "/")
        assert found.argv == (f"{prefix}/bin/srv",)
        assert needed(found) == {str(prefix)}

    def test_a_script_named_on_the_command_line(self, project, node):
        found = find_installation(["node", "server.js"], str(node.parent), str(project))
        assert found.argv == (str(node), f"{project}/server.js")
        assert needed(found) == {
            prefix_of(node),
            f"{project}/server.js",
            f"{project}/node_modules",
            f"{project}/package.json",
        }


class TestRefused:
    @pytest.mark.parametrize(
        "command",
        ["npx srv", "uvx srv", "pipx run srv", "uv run srv", "uv tool run srv", "npm exec srv"],
    )
    def test_launchers_that_install_first(self, command):
        with pytest.raises(ConfigError, match="network") as caught:
            find_installation(command.split(), "/usr/bin", "/")
        assert "install" in caught.value.advice

    def test_what_is_not_there(self, tmp_path):
        with pytest.raises(ConfigError, match="can be found") as caught:
            find_installation(["no-such-program"], "/usr/bin", "/")
        assert caught.value.advice
        (tmp_path / "plain").write_text("")
        with pytest.raises(ConfigError, match="not executable") as caught:
            find_installation(["./plain"], "/usr/bin", str(tmp_path))
        assert "chmod" in caught.value.advice

    def test_nothing(self):
        with pytest.raises(ConfigError, match="no command"):
            find_installation([], "/usr/bin", "/")

    def test_shims(self, tmp_path):
        shim = script(tmp_path / "shims" / "python", "#!/bin/sh\n")
        with pytest.raises(ConfigError, match="shim"):
            find_installation([str(shim)], "", "/")

    def test_scripts_without_end(self, tmp_path):
        loop = tmp_path / "loop"
        script(loop, f"#!{loop}\n")
        with pytest.raises(ConfigError, match="without an end"):
            find_installation([str(loop)], "", "/")

    def test_arguments_that_are_no_paths_stay(self, tmp_path):
        (tmp_path / "serve").write_text("")
        found = find_installation(["sh", "serve", "-f", "a/b"], "/bin", str(tmp_path))
        assert found.argv[1:] == ("serve", "-f", "a/b")
