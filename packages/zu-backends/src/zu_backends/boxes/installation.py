"""What a command needs of the host: its program, interpreter, environment and files.

The rules know how Python and Node programs are installed (virtual environments, pipx,
uv, pyenv, nvm, npm). What they can't know, such as an editable install's sources, the
operator names with `--read`. They never give a box a home directory or a system
directory as a whole.
"""

import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from zu_backends.boxes.plan import SHARED_DIRECTORIES, is_below
from zu_backends.boxes.shebang import Interpreter, parse_shebang, parse_venv_home
from zu_core.contracts import Mount
from zu_core.errors import ConfigError

_LAUNCHERS: Final = {
    "uvx": (),
    "npx": (),
    "pnpx": (),
    "bunx": (),
    "uv": ("run", "tool"),
    "pipx": ("run",),
    "npm": ("exec", "x"),
    "pnpm": ("dlx", "exec"),
    "yarn": ("dlx", "exec"),
    "bun": ("x",),
}
_DEEPEST: Final = 8
_SCRIPT_HEAD: Final = 4096
_JAVASCRIPT: Final = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
_PROGRAM_DIRECTORIES: Final = ("bin", "sbin", "libexec")

# Every box has these.
_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives")
_PRIVATE_IN_HOME: Final = (".local", ".config", ".cache", ".local/share")


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """A command as a box can run it.

    Attributes:
        argv: the command; the program, and arguments that are files, as absolute paths.
        mounts: what must be visible beside /usr.
        search_path: directories that PATH must hold so that scripts find interpreters.
    """

    argv: tuple[str, ...]
    mounts: tuple[Mount, ...]
    search_path: tuple[str, ...] = ()


def find_installation(command: Sequence[str], search_path: str, cwd: str) -> Installation:
    """Return what `command` needs; `search_path` is PATH as text, `cwd` an absolute path.

    Raises:
        ConfigError: nothing to run, a launcher that would install first, or a need that
            would show too much of the host.
    """
    if not command or not command[0]:
        raise ConfigError("no command is given", advice="write the command after `--`")
    _refuse_launcher(command)
    finder = _Finder(search_path, cwd)
    program = finder.locate(command[0])
    argv = [finder.add_program(program, "program")]
    argv += [finder.add_argument(argument) for argument in command[1:]]
    return Installation(
        argv=tuple(argv),
        mounts=finder.mounts(),
        search_path=tuple(dict.fromkeys(finder.directories)),
    )


def is_too_broad(path: str) -> bool:
    """Whether `path` holds the private things of a person or of the system."""
    homes = {os.path.normpath(user.pw_dir) for user in pwd.getpwall()} - {"/nonexistent"}
    homes = {home for home in homes if not any(is_below(home, one) for one in _SYSTEM)}
    private = {os.path.join(home, name) for home in homes for name in _PRIVATE_IN_HOME}
    return (
        path in SHARED_DIRECTORIES
        or os.path.dirname(path) == "/home"
        or path in private
        or any(is_below(home, path) for home in homes if home != "/")
    )


class _Finder:
    """Collects needs while it follows a command; `needed` is path and reason."""

    def __init__(self, search_path: str, cwd: str) -> None:
        self._search_path = [os.path.join(cwd, one) for one in search_path.split(":") if one]
        self._cwd = cwd
        self.needed: dict[str, str] = {}
        self.directories: list[str] = []

    def mounts(self) -> tuple[Mount, ...]:
        """Return what is needed, without what lies in another needed directory."""
        return tuple(
            Mount(path=path, reason=why)
            for path, why in self.needed.items()
            if not any(is_below(path, one) for one in self.needed if one != path)
        )

    def locate(self, name: str) -> str:
        """Return the absolute path of program `name`.

        Raises:
            ConfigError: there is none.
        """
        places = [self._cwd] if "/" in name else self._search_path
        for place in places:
            path = os.path.normpath(os.path.join(place, name))
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        known = os.path.isfile(os.path.join(self._cwd, name))
        raise ConfigError(
            f"{name} is not {'executable' if known else 'a program that can be found'}",
            advice=f"make it executable (chmod +x {name})"
            if known
            else "install it, or write the path of the program",
        )

    def add_program(self, path: str, reason: str, depth: int = 0) -> str:
        """Collect what `path` needs; return the path under which a box can execute it."""
        if depth > _DEEPEST:
            raise ConfigError(f"{path} is a script of a script of a script, without an end")
        _refuse_shim(path)
        hops = tuple(_symlink_hops(path))
        visible = (number for number, hop in enumerate(hops) if self._is_whole(hop))
        first = next(visible, len(hops) - 1)
        self._add_node_modules(os.path.realpath(path))
        for hop in (*hops[first:], os.path.realpath(path)):
            self._add_container(hop, reason)
            self._need(hop, reason)
        interpreter = _interpreter_of(path)
        if interpreter:
            self._add_interpreter(interpreter, path, depth)
        return hops[first]

    def add_argument(self, argument: str) -> str:
        """Collect `argument` if it is a file; return it as the box must see it."""
        path = os.path.normpath(os.path.join(self._cwd, argument))
        looks_like_path = "/" in argument or "." in argument
        if argument.startswith("-") or not looks_like_path or not os.path.isfile(path):
            return argument
        for hop in _symlink_hops(path):
            self._add_container(hop, "file named on the command line")
        self._need(path, "file named on the command line")
        if path.endswith(_JAVASCRIPT):
            self._add_node_modules(path)
            self._add_node_modules(os.path.realpath(path))
        return path

    def _add_interpreter(self, interpreter: Interpreter, script: str, depth: int) -> None:
        if not interpreter.searched:
            self.add_program(self.locate(interpreter.program), "interpreter", depth + 1)
            return
        beside = os.path.join(os.path.dirname(script), interpreter.program)
        found = self.locate(interpreter.program)
        if os.path.isfile(beside) and found not in (beside, os.path.realpath(beside)):
            found = beside
        shown = self.add_program(found, "interpreter", depth + 1)
        self.directories.append(os.path.dirname(shown))

    def _add_container(self, path: str, reason: str) -> None:
        container = self._container(path)
        if not container:
            return
        self._need(container, reason)
        home = _venv_home(container)
        if not home:
            return
        self.needed[container] = "virtual environment"
        for name in ("python", "python3"):
            interpreter = os.path.join(container, "bin", name)
            if os.path.exists(interpreter):
                for hop in (*_symlink_hops(interpreter), os.path.realpath(interpreter)):
                    if not is_below(hop, container):
                        self._add_prefix(hop)
        self._add_prefix(os.path.join(home, "python"))

    def _add_prefix(self, interpreter: str) -> None:
        prefix = self._container(interpreter)
        self._need(prefix or interpreter, "Python of the virtual environment")

    def _is_whole(self, path: str) -> bool:
        """Whether `path` is visible together with what was installed beside it."""
        return _is_of_system(path) or bool(self._container(path))

    def _container(self, path: str) -> str:
        """Return the directory that `path` is installed in as a whole, or ""."""
        if _is_of_system(path):
            return ""
        if is_below(path, "/nix/store"):
            return "/nix/store"
        directory = os.path.dirname(path)
        prefix = os.path.dirname(directory)
        if os.path.basename(directory) not in _PROGRAM_DIRECTORIES:
            return ""
        if _venv_home(prefix) and is_too_broad(prefix):
            raise ConfigError(
                f"the virtual environment {prefix} holds more than an environment",
                advice="make one in a directory of its own: python -m venv DIRECTORY",
            )
        return "" if is_too_broad(prefix) else prefix

    def _add_node_modules(self, path: str) -> None:
        """Need the modules that Node resolves from `path`, and the package.json beside them."""
        parts = path.split("/")
        if "node_modules" in parts:
            outermost = "/".join(parts[: parts.index("node_modules")])
            self._need_modules(outermost)
        elif path.endswith(_JAVASCRIPT):
            for directory in _ancestors(path):
                if os.path.isdir(os.path.join(directory, "node_modules")):
                    self._need_modules(directory)
                    return
                self._need_existing(os.path.join(directory, "package.json"), "package of a script")

    def _need_modules(self, directory: str) -> None:
        self._need(os.path.join(directory, "node_modules"), "Node modules")
        self._need_existing(os.path.join(directory, "package.json"), "package of a script")

    def _need_existing(self, path: str, reason: str) -> None:
        if os.path.isfile(path):
            self._need(path, reason)

    def _need(self, path: str, reason: str) -> None:
        if _is_of_system(path) or any(is_below(path, one) for one in self.needed):
            return
        if is_too_broad(path):
            raise ConfigError(
                f"the command needs {path}, which a box must not see",
                advice="install the tool into a directory of its own, e.g. a virtual environment",
            )
        self.needed[path] = reason


def _is_of_system(path: str) -> bool:
    return any(is_below(path, one) for one in _SYSTEM)


def _refuse_launcher(command: Sequence[str]) -> None:
    name = os.path.basename(command[0])
    verbs = _LAUNCHERS.get(name)
    if verbs is None or (verbs and not any(word in verbs for word in command[1:3])):
        return
    raise ConfigError(
        f"`{name}` fetches a tool from a network before it runs it, and a box has none",
        advice="install the tool first (pip install, npm install, pipx install), then gate the "
        "command that was installed",
    )


def _refuse_shim(path: str) -> None:
    if os.path.basename(os.path.dirname(path)) == "shims":
        raise ConfigError(
            f"{path} is a shim that searches for the real program",
            advice=f"write the path of the program itself (pyenv which "
            f"{os.path.basename(path)}, asdf which {os.path.basename(path)})",
        )


def _symlink_hops(path: str) -> Iterator[str]:
    """Yield `path` and every path that symbolic links lead to from it."""
    for _ in range(40):
        yield path
        if not os.path.islink(path):
            return
        target = os.path.join(os.path.dirname(path), os.readlink(path))
        shortest = os.path.normpath(target)
        path = shortest if os.path.lexists(shortest) else os.path.realpath(target)
    raise ConfigError(f"{path} is a symbolic link without an end")


def _interpreter_of(path: str) -> Interpreter | None:
    try:
        with open(path, "rb") as file:
            return parse_shebang(file.read(_SCRIPT_HEAD))
    except OSError as error:
        if stat.S_IMODE(os.stat(path).st_mode) & 0o111:
            return None  # executable but not readable: no script
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error


def _venv_home(directory: str) -> str:
    try:
        with open(os.path.join(directory, "pyvenv.cfg"), encoding="utf-8") as file:
            return parse_venv_home(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _ancestors(path: str) -> Iterator[str]:
    while path != "/":
        path = os.path.dirname(path)
        yield path
