"""Programs that fetch a server before they run it: a box without a network can't use them."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from zu_core.errors import ConfigError

# First words of a command line; how the package is installed, and where its program is then.
_LAUNCHERS: Final = {
    ("uvx",): ("uv tool install {package}", "{program}"),
    ("uv", "tool", "run"): ("uv tool install {package}", "{program}"),
    ("uv", "run"): ("uv sync", ".venv/bin/{program}"),
    ("pipx", "run"): ("pipx install {package}", "{program}"),
    ("npx",): ("npm install {package}", "node_modules/.bin/PROGRAM"),
    ("npm", "exec"): ("npm install {package}", "node_modules/.bin/PROGRAM"),
    ("bunx",): ("bun add {package}", "node_modules/.bin/PROGRAM"),
    ("pnpm", "dlx"): ("pnpm add {package}", "node_modules/.bin/PROGRAM"),
    ("yarn", "dlx"): ("yarn add {package}", "node_modules/.bin/PROGRAM"),
}


def refuse_launcher(argv: Sequence[str]) -> None:
    """Raise for a command line that would fetch what it runs.

    Raises:
        ConfigError: it would; the advice says how to install the package first.
    """
    words = (PurePath(argv[0]).name, *argv[1:])
    for launcher, (install, program) in _LAUNCHERS.items():
        if words[: len(launcher)] != launcher:
            continue
        name = " ".join(launcher)
        package = _package(words[len(launcher) :])
        raise ConfigError(
            f"`{name}` fetches a package and then runs it, and a box has no network to fetch it",
            advice=f"install it first (`{install.format(package=package)}`), then name the "
            "program that this installs:\n"
            f"zu test-plugin -- {program.format(program=_program(package))}",
        )


def _package(words: Sequence[str]) -> str:
    """The package after a launcher: the first word that is no option."""
    return next((word for word in words if not word.startswith("-")), "PACKAGE")


def _program(package: str) -> str:
    """The usual name of the program of `package`: without version and extras."""
    name = package
    for end in ("==", "@", "[", ">", "~"):
        name = name.partition(end)[0]
    return name or "PROGRAM"
