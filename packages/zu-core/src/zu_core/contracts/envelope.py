"""`Envelope`: what a tool says that it will do; all else is a breach or a question."""

import msgspec

from zu_core.errors import ConfigError
from zu_core.hosts import Allowlist


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The declared behaviour of a tool. The default declares nothing.

    Attributes:
        egress: hosts that it may reach, in the grammar of `zu_core.hosts.Allowlist`.
        exec: base names of programs that it may start, e.g. "git".
        write: directories that it may write beside its workspace and /tmp; "~" is the
            home of the box.
        read: credential files that it may open, e.g. "~/.aws/credentials"; to disclose
            one is a breach all the same.
        capabilities: names of effects beyond a plain answer, for invocation gates.
    """

    egress: tuple[str, ...] = ()
    exec: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Allowlist.parse(self.egress)
        for name in self.exec:
            if not name or "/" in name or "*" in name or "\0" in name:
                raise ConfigError(
                    f"exec entry {name!r} is not the base name of a program",
                    advice='write the name alone, for example exec = ["git"]',
                )
        for key, paths in (("write", self.write), ("read", self.read)):
            for path in paths:
                if not _names_one_place(path):
                    raise ConfigError(
                        f"{key} entry {path!r} is no place below / or the home",
                        advice=f'name one, for example {key} = ["~/.cache/tool"]',
                    )


def _names_one_place(path: str) -> bool:
    """Whether `path` is absolute or below "~", is not the root of either, and climbs nowhere."""
    parts = path.split("/")
    return (
        path.startswith(("/", "~/"))
        and path.rstrip("/") not in ("", "~")
        and ".." not in parts
        and "\0" not in path
    )
