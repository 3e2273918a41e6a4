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
        capabilities: names of effects beyond a plain answer, for invocation gates.
    """

    egress: tuple[str, ...] = ()
    exec: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Allowlist.parse(self.egress)
        for name in self.exec:
            if not name or "/" in name or "*" in name or "\0" in name:
                raise ConfigError(
                    f"exec entry {name!r} is not the base name of a program",
                    advice='write the name alone, for example exec = ["git"]',
                )
        for path in self.write:
            if not path.startswith(("/", "~/")) or path.rstrip("/") in ("", "~") or ".." in path:
                raise ConfigError(
                    f"write entry {path!r} is not a directory below / or the home",
                    advice='name one directory, for example write = ["~/.cache/tool"]',
                )
