"""Which interpreter a script asks for; pure. See execve(2), "Interpreter scripts"."""

import re
import shlex
from typing import Final, NamedTuple

# What installers write where the interpreter's path has blanks or is too long for the
# kernel: a shell line that Python reads as a string.
_SHELL_LINE: Final = re.compile(rb"""^'''exec' (?P<command>.+?) "\$0" "\$@"$""")


class Interpreter(NamedTuple):
    """What runs a script: a path, or a name to be searched along PATH."""

    program: str
    searched: bool = False


def parse_shebang(head: bytes) -> Interpreter | None:
    """Return the interpreter that the first lines of a file name; None if it is no script."""
    if not head.startswith(b"#!"):
        return None
    first, _, rest = head[2:].partition(b"\n")
    words = first.decode("utf-8", "surrogateescape").split()
    if not words:
        return None
    wrapped = _wrapped_interpreter(rest.partition(b"\n")[0])
    if words[0] == "/bin/sh" and wrapped:
        return Interpreter(wrapped)
    if words[0].rpartition("/")[2] != "env":
        return Interpreter(words[0])
    names = (word for word in words[1:] if not word.startswith("-") and "=" not in word)
    name = next(names, "")
    return Interpreter(name, searched="/" not in name) if name else None


def parse_venv_home(config: str) -> str:
    """Return `home` of a pyvenv.cfg, the directory of the interpreter it was made from; or ""."""
    for line in config.splitlines():
        key, found, value = line.partition("=")
        if found and key.strip().lower() == "home":
            return value.strip()
    return ""


def _wrapped_interpreter(line: bytes) -> str:
    """Return the interpreter of an installer's shell line; "" if it is none."""
    match = _SHELL_LINE.match(line)
    try:
        words = shlex.split(match["command"].decode("utf-8", "surrogateescape")) if match else []
    except ValueError:  # quotes that do not match: the line is no installer's
        return ""
    return words[0] if words else ""
