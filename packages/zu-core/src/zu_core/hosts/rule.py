"""One rule of an egress allowlist, and its canonical text."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from zu_core.hosts.host import Host


@dataclass(frozen=True, slots=True)
class Suffix:
    """All names below `name`, at any depth; not `name` itself."""

    name: str

    def __str__(self) -> str:
        return f"*.{self.name}"


Target = Host | Suffix | IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class AllowRule:
    """What may be reached: a host, the names below a suffix, or a network; at one port or any.

    Attributes:
        port: 1 to 65535; None allows every port.
    """

    target: Target
    port: int | None

    @property
    def text(self) -> str:
        """The canonical text: `parse_rule` of it is this rule. Records use it as rule id."""
        if isinstance(self.target, Host):
            return self.target.with_port(self.port)
        if self.port is None:
            return str(self.target)
        if isinstance(self.target, IPv6Network):
            return f"[{self.target}]:{self.port}"
        return f"{self.target}:{self.port}"

    def __str__(self) -> str:
        return self.text
