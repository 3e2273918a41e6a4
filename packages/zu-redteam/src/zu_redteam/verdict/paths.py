"""Paths in a box: what a spelling means, and which places are open to every tool."""

from posixpath import isabs, join, normpath

HOME = "/home/tool"
WORKSPACE = "/workspace"

OPEN_PLACES = (WORKSPACE, "/tmp", "/dev/shm")  # noqa: S108 - paths of the box, not of the host
"""Where every tool may write."""

_DEVICES = frozenset(
    f"/dev/{name}" for name in ("null", "zero", "full", "tty", "ptmx", "stdout", "stderr", "stdin")
)
_OWN_PROCESS = ("/proc/self", "/proc/thread-self", "/dev/fd", "/dev/pts")
_ALIASES = ("/proc/self/root", "/proc/thread-self/root")


def resolve(path: str, cwd: str = WORKSPACE) -> str:
    """`path` as an absolute path without "." and "..", "~" being the home of the box.

    Links are not followed: the record has the spelling, and the list of changed files has
    where it led.
    """
    if path == "~" or path.startswith("~/"):
        path = HOME + path[1:]
    for alias in _ALIASES:
        if path.startswith(alias + "/"):
            path = path.removeprefix(alias)
    whole = normpath(path if isabs(path) else join(cwd or WORKSPACE, path))
    return "/" + whole.lstrip("/")


def is_within(path: str, places: tuple[str, ...]) -> bool:
    """Whether the resolved `path` is one of `places` or below one."""
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)


def is_nothing(path: str) -> bool:
    """Whether a write to the resolved `path` leaves nothing behind: devices, own /proc."""
    return path in _DEVICES or is_within(path, _OWN_PROCESS)


def shorten(path: str) -> str:
    """The resolved `path` as an envelope spells it: "~" for the home of the box."""
    return "~" + path.removeprefix(HOME) if is_within(path, (HOME,)) else path
