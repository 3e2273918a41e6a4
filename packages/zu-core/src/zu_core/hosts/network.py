"""Networks from text: CIDR, written in full and not too broad."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from zu_core.errors import ConfigError
from zu_core.hosts.classify import covered_classes
from zu_core.hosts.host import split_port
from zu_core.hosts.host_error import quoted

# The widest network that one rule may open. A /8 is the largest IPv4 block that one party
# holds (10.0.0.0/8 among them); a /32 is what one IPv6 provider gets from its registry.
MIN_PREFIX = {4: 8, 6: 32}

# Below these prefixes the last 32 bits are an IPv4 address, so the IPv4 limit holds for them.
_CARRIES_IPV4 = tuple(
    IPv6Network(text)
    for text in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32")
)


def split_network_port(text: str) -> tuple[str, str | None]:
    """`address/prefix` without brackets, and the port text after it; neither is checked."""
    inside, bracket, _ = text.partition("]")
    if bracket and inside.startswith("[") and ":" in inside:
        body, port = split_port(text)
        return body.removeprefix("[").removesuffix("]"), port
    address, _, rest = text.partition("/")
    prefix, colon, port_text = rest.partition(":")
    return f"{address}/{prefix}", port_text if colon else None


def is_network_text(body: str) -> bool:
    """True if a full address stands before the `/`: `10/8` means two things to two programs."""
    return _plain_address(body.partition("/")[0]) is not None


def _plain_address(text: str) -> IPv4Address | IPv6Address | None:
    """A dotted quad in plain decimal or an IPv6 address without a zone; else None."""
    try:
        return IPv6Address(text) if ":" in text and "%" not in text else IPv4Address(text)
    except ValueError:
        return None


def parse_network(body: str) -> IPv4Network | IPv6Network:
    """The network in `body`, for which `is_network_text` is true.

    Raises:
        ConfigError: no number of bits, bits behind the prefix, or too broad for one rule.
    """
    address_text, _, prefix = body.partition("/")
    address = _plain_address(address_text)
    plain = prefix.isascii() and prefix.isdecimal() and str(int(prefix[:4])) == prefix
    if address is None or not plain or int(prefix) > address.max_prefixlen:
        raise ConfigError(
            f"allowlist entry {quoted(body)} has no number of network bits after the `/`",
            advice=f"write `{address}` for one address, or a network such as `192.0.2.0/24`",
        )
    network = ip_network((address, int(prefix)), strict=False)
    if network.network_address != address:
        raise ConfigError(
            f"allowlist entry {quoted(body)} has address bits behind its prefix",
            advice=f"write `{network}` for the network or `{address}` for the one address",
        )
    if network.prefixlen < network.max_prefixlen:
        _check_breadth(network)
    return network


def _check_breadth(network: IPv4Network | IPv6Network) -> None:
    if isinstance(network, IPv6Network):
        _refuse_mapped(network)
    least = _least_prefix(network)
    if network.prefixlen < least:
        raise ConfigError(
            f"allowlist entry `{network}` is too broad",
            advice=f"write the networks or addresses that are needed, /{least} or longer",
        )
    classes = covered_classes(network)
    if len({klass.is_internal for klass in classes}) > 1:
        named = ", ".join(sorted(klass for klass in classes if klass.is_internal))
        raise ConfigError(
            f"allowlist entry `{network}` holds public and internal addresses ({named})",
            advice="write one entry for the public part and one for each internal network",
        )


def _least_prefix(network: IPv4Network | IPv6Network) -> int:
    least = MIN_PREFIX[network.version]
    if isinstance(network, IPv4Network) or network.prefixlen < least:
        return least
    return 96 + MIN_PREFIX[4] if any(map(network.overlaps, _CARRIES_IPV4)) else least


def _refuse_mapped(network: IPv6Network) -> None:
    mapped = network.network_address.ipv4_mapped
    if mapped is not None and network.prefixlen >= 96:
        raise ConfigError(
            f"allowlist entry `{network}` is a network of IPv4-mapped addresses",
            advice=f"write the IPv4 network, `{mapped}/{network.prefixlen - 96}`",
        )
