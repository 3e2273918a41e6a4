"""A host: one canonical form for all its spellings."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from zu_core.hosts.address import canonical_ipv6, parse_ipv4, parse_ipv6
from zu_core.hosts.classes import HostClass
from zu_core.hosts.classify import classify
from zu_core.hosts.host_error import HostError, quoted
from zu_core.hosts.name import check_name, is_canonical, to_ascii
from zu_core.hosts.special_names import classify_name

MAX_TEXT = 1024  # characters; longer text is refused before any work is done on it
MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Host:
    """A name or an address, in canonical form. Made by `parse_host` or `Host.of_address`.

    Attributes:
        name: lower-case ASCII without a final dot; None for an address.
        address: IPv4-mapped IPv6 becomes the IPv4 address, and a zone on other than a
            link-local address is dropped; None for a name.
    """

    name: str | None
    address: IPv4Address | IPv6Address | None

    def __post_init__(self) -> None:
        if (self.name is None) == (self.address is None):
            raise ValueError("a host is a name or an address, not both or neither")
        if self.name is not None and not is_canonical(self.name):
            raise ValueError(f"not a canonical name: {quoted(self.name)}")
        if isinstance(self.address, IPv6Address):
            object.__setattr__(self, "address", canonical_ipv6(self.address))

    @classmethod
    def of_address(cls, address: IPv4Address | IPv6Address) -> "Host":
        """The host of an address that was observed, not written (a socket's peer)."""
        return cls(name=None, address=address)

    @property
    def canonical(self) -> str:
        """The one spelling; `parse_host` of it is this host. IPv6 has no brackets."""
        return self.name if self.name is not None else str(self.address)

    @property
    def klass(self) -> HostClass:
        """The class of the address, or of the name by its text alone (nothing is resolved)."""
        if self.address is not None:
            return classify(self.address)
        return classify_name(self.canonical)

    def with_port(self, port: int | None) -> str:
        """`host:port`, `[v6]:port`, or the canonical form where `port` is None."""
        if port is None:
            return self.canonical
        if isinstance(self.address, IPv6Address):
            return f"[{self.canonical}]:{port}"
        return f"{self.canonical}:{port}"

    def __str__(self) -> str:
        return self.canonical


def parse_host(text: str) -> Host:
    """The host that `text` names: a name, an IPv4 address in any spelling, or an IPv6 address.

    Accepted: one final dot, any case, IDNA, `[v6]`, `v6%zone`. White space, `@`, `/`, `%`
    outside of a zone and control characters are no part of a host.

    Raises:
        HostError: the text is no host, or programs read it as different ones.
    """
    if not text or len(text) > MAX_TEXT:
        raise HostError(
            f"a host has 1 to {MAX_TEXT} characters, not {len(text)}",
            advice="write a name such as `api.example.com` or an address",
        )
    if text.startswith("[") and text.endswith("]"):
        return Host.of_address(parse_ipv6(text[1:-1]))
    if ":" in text:
        return Host.of_address(parse_ipv6(text))
    ascii_text = to_ascii(text).removesuffix(".")
    address = parse_ipv4(ascii_text)
    if address is not None:
        return Host.of_address(address)
    return Host(name=check_name(ascii_text), address=None)


def parse_host_port(text: str, default_port: int | None = None) -> tuple[Host, int | None]:
    """`host`, `host:port`, `[v6]` or `[v6]:port`; an IPv6 address without brackets has no port.

    Raises:
        HostError: no host, or a port that is not 1 to 65535 in plain decimal.
    """
    host, port = split_port(text)
    return parse_host(host), default_port if port is None else parse_port(port, text)


def split_port(text: str) -> tuple[str, str | None]:
    """The host part (brackets kept) and the port part of `text`; neither is checked."""
    if text.startswith("["):
        inside, bracket, rest = text.partition("]")
        if bracket and rest.startswith(":"):
            return inside + bracket, rest[1:]
        return text, None
    host, colon, port = text.partition(":")
    return (host, port) if colon and ":" not in port else (text, None)


def parse_port(digits: str, text: str) -> int:
    """The port in `digits`; `text` is what the message shows.

    Raises:
        HostError: not 1 to 65535 in plain decimal (no sign, no leading zero).
    """
    plain = digits.isascii() and digits.isdecimal() and len(digits) <= 5
    if not plain or digits.startswith("0") or int(digits) > MAX_PORT:
        raise HostError(
            f"{quoted(text)} has no valid port after the colon",
            advice=f"write a number from 1 to {MAX_PORT}, or leave out the colon",
        )
    return int(digits)


def is_internal_host(text: str) -> bool:
    """True if `text` (`host` or `host:port`) is anything but a host of the public Internet.

    Fails closed: text that can't be parsed counts as internal. A name is judged by its text;
    the addresses that it resolves to have to be asked about by themselves.
    """
    try:
        host, _ = parse_host_port(text)
    except HostError:
        return True
    return host.klass.is_internal
