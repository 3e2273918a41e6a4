"""The egress allowlist: rules in canonical order, and the question asked for each connection."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from zu_core.errors import ConfigError
from zu_core.hosts.classes import HostClass
from zu_core.hosts.classify import covered_classes
from zu_core.hosts.grammar import parse_rule
from zu_core.hosts.host import Host
from zu_core.hosts.rule import AllowRule, Suffix

_Ports = dict[int | None, AllowRule]
_SortKey = tuple[int, tuple[str, ...], int, int, int]


def _sort_key(rule: AllowRule) -> _SortKey:
    """Names by domain from the right, then wildcards, addresses and networks; then by port."""
    target, port = rule.target, rule.port or 0
    if isinstance(target, Suffix):
        return 1, _reversed_labels(target.name), 0, 0, port
    if isinstance(target, IPv4Network | IPv6Network):
        return 3, (), target.version, int(target.network_address), target.prefixlen << 16 | port
    if target.address is not None:
        zone = getattr(target.address, "scope_id", None) or ""
        return 2, (zone,), target.address.version, int(target.address), port
    return 0, _reversed_labels(target.canonical), 0, 0, port


def _reversed_labels(name: str) -> tuple[str, ...]:
    return tuple(reversed(name.split(".")))


@dataclass(slots=True)
class _Index:
    """The rules by what they are looked up with; networks are ordered longest prefix first."""

    names: dict[str, _Ports] = field(default_factory=dict)
    suffixes: dict[str, _Ports] = field(default_factory=dict)
    addresses: dict[IPv4Address | IPv6Address, _Ports] = field(default_factory=dict)
    networks: dict[IPv4Network | IPv6Network, _Ports] = field(default_factory=dict)
    internal: set[IPv4Network | IPv6Network] = field(default_factory=set)

    def add(self, rule: AllowRule) -> None:
        self._ports(rule)[rule.port] = rule

    def _ports(self, rule: AllowRule) -> _Ports:
        target = rule.target
        if isinstance(target, Suffix):
            return self.suffixes.setdefault(target.name, {})
        if isinstance(target, IPv4Network | IPv6Network):
            if all(klass.is_internal for klass in covered_classes(target)):
                self.internal.add(target)
            return self.networks.setdefault(target, {})
        if target.address is not None:
            return self.addresses.setdefault(target.address, {})
        return self.names.setdefault(target.canonical, {})


def _build(rules: Iterable[AllowRule]) -> _Index:
    index = _Index()
    for rule in rules:
        index.add(rule)
    by_length = sorted(index.networks.items(), key=lambda item: item[0].prefixlen, reverse=True)
    index.networks = dict(by_length)
    return index


@dataclass(frozen=True, slots=True)
class Allowlist:
    """A set of rules; what no rule matches is not allowed. The empty list allows nothing.

    Attributes:
        rules: without duplicates, in canonical order, whatever the order they came in.
    """

    rules: tuple[AllowRule, ...] = ()
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(set(self.rules), key=_sort_key))
        object.__setattr__(self, "rules", ordered)
        object.__setattr__(self, "_index", _build(ordered))

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Allowlist":
        """The list of `entries`, one rule each (see `parse_rule`).

        Raises:
            ConfigError: an entry is not acceptable, or `entries` is one string.
        """
        if isinstance(entries, str):
            raise ConfigError(
                "an allowlist is a list of entries, not one text",
                advice="write each host as an entry of its own",
            )
        return cls(tuple(parse_rule(entry) for entry in entries))

    def match(self, host: Host, port: int) -> AllowRule | None:
        """The rule that allows `host` at `port`, the most specific one; None if none does.

        Names match rules of names only, addresses match rules of addresses only. An internal
        host is matched by its exact name or address, or by a network that is wholly
        internal; a metadata service by its exact name or address alone.
        """
        for ports in self._candidates(host):
            rule = ports.get(port) or ports.get(None)
            if rule is not None:
                return rule
        return None

    def match_any_port(self, host: Host) -> AllowRule | None:
        """A rule that allows `host` at some port: what a DNS query needs, which has no port."""
        for ports in self._candidates(host):
            return next(iter(ports.values()))
        return None

    def _candidates(self, host: Host) -> Iterator[_Ports]:
        if host.address is not None:
            return self._of_address(host.address, host)
        return self._of_name(host.canonical, host)

    def _of_name(self, name: str, host: Host) -> Iterator[_Ports]:
        index = self._index
        if name in index.names:
            yield index.names[name]
        if not index.suffixes or host.klass.is_internal:
            return
        above = name.partition(".")[2]
        while above:
            if above in index.suffixes:
                yield index.suffixes[above]
            above = above.partition(".")[2]

    def _of_address(self, address: IPv4Address | IPv6Address, host: Host) -> Iterator[_Ports]:
        index = self._index
        if address in index.addresses:
            yield index.addresses[address]
        if not index.networks:
            return
        klass = host.klass
        if klass is HostClass.METADATA:
            return
        for network, ports in index.networks.items():
            if address in network and (network in index.internal or not klass.is_internal):
                yield ports

    def __iter__(self) -> Iterator[AllowRule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def __str__(self) -> str:
        return "\n".join(rule.text for rule in self.rules)
