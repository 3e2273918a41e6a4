"""The grammar of an allowlist entry: text to `AllowRule`, or advice what to write instead."""

from zu_core.errors import ConfigError
from zu_core.hosts.address import ends_in_number
from zu_core.hosts.host import Host, parse_host_port, parse_port
from zu_core.hosts.host_error import quoted
from zu_core.hosts.network import is_network_text, parse_network, split_network_port
from zu_core.hosts.rule import AllowRule, Suffix
from zu_core.hosts.special_names import special_name_class
from zu_core.hosts.suffixes import is_public_suffix

_SEPARATORS = frozenset(",;")


def parse_rule(text: str) -> AllowRule:
    """One entry: `host`, `*.suffix`, an address or a CIDR network, each with an optional `:port`.

    IPv6 with a port is written `[v6]:port` and `[v6/prefix]:port`.

    Raises:
        ConfigError: not of this grammar, or too broad; the advice says what to write.
    """
    _refuse_shape(text)
    if "*" in text:
        return _wildcard(text)
    if "/" in text:
        return _network(text)
    host, port = parse_host_port(text)
    return AllowRule(host, port)


def _refuse_shape(text: str) -> None:
    if not text.strip():
        raise ConfigError(
            "an allowlist entry is empty",
            advice="remove it, or write a host such as `api.example.com`",
        )
    if any(map(_separates, text)):
        trimmed = text.strip()
        raise ConfigError(
            f"allowlist entry {quoted(text)} has a space, comma or semicolon in it",
            advice="write each host as an entry of its own"
            if any(map(_separates, trimmed))
            else _write(trimmed),
        )
    if "://" in text or text.startswith("//") or "@" in text:
        raise ConfigError(
            f"allowlist entry {quoted(text)} has more than a host in it",
            advice=_write(_authority(text)),
        )
    if text.startswith("."):
        raise ConfigError(
            f"allowlist entry {quoted(text)} starts with a dot",
            advice=_write(f"*{text}"),
        )


def _separates(character: str) -> bool:
    return character.isspace() or character in _SEPARATORS


def _authority(text: str) -> str:
    """The host and port of a URL (RFC 3986 section 3.2)."""
    rest = text.partition("//")[2] or text
    for end in "/?#\\":
        rest = rest.partition(end)[0]
    return rest.rpartition("@")[2]


def _write(candidate: str) -> str:
    """Advice to write `candidate`, if that is an acceptable entry."""
    try:
        return f"write `{parse_rule(candidate)}`"
    except ConfigError:
        return "write the host alone, such as `api.example.com`"


def _wildcard(text: str) -> AllowRule:
    if not text.partition(":")[0].strip("*."):
        raise ConfigError(
            f"allowlist entry {quoted(text)} would allow every host",
            advice="name the hosts, such as `api.example.com` or `*.example.com`",
        )
    rest = text.removeprefix("*.")
    if rest == text or "*" in rest:
        raise ConfigError(
            f"allowlist entry {quoted(text)} has a star that is not its whole first label",
            advice="write `*.example.com` for the names below example.com, or each host by name",
        )
    host, port = parse_host_port(rest)
    if host.name is None:
        raise ConfigError(
            f"allowlist entry {quoted(text)} puts a star before an address",
            advice=f"write `{host.with_port(port)}`, or a network such as `192.0.2.0/24`",
        )
    _check_suffix(host.name)
    return AllowRule(Suffix(host.name), port)


def _check_suffix(name: str) -> None:
    special = special_name_class(name)
    if special is not None:
        raise ConfigError(
            f"`*.{name}` would allow internal names ({special})",
            advice=f"write each host by its full name, such as `api.{name}`",
        )
    if is_public_suffix(name):
        raise ConfigError(
            f"`*.{name}` is too broad: anybody can have a name under {name}",
            advice=f"write the host, such as `example.{name}`, or `*.example.{name}`",
        )


def _network(text: str) -> AllowRule:
    body, port_text = split_network_port(text)
    address_text = body.partition("/")[0]
    if not is_network_text(body):
        number = ends_in_number(address_text.lower())
        raise ConfigError(
            f"allowlist entry {quoted(text)} has a `/` but is no network",
            advice="write all four numbers of the network, such as `10.0.0.0/8`"
            if number
            else _write(address_text),
        )
    port = None if port_text is None else parse_port(port_text, text)
    network = parse_network(body)
    if network.prefixlen == network.max_prefixlen:
        return AllowRule(Host.of_address(network.network_address), port)
    return AllowRule(network, port)
