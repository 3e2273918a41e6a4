"""`EgressPolicy`: may the box reach this host, and may this name mean that address.

Pure: text and addresses in, a decision with its rule and its advice out. Nothing is
resolved here, and nothing is decided anywhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from zu_core.hosts import Allowlist, AllowRule, Host, HostError, parse_host

Address = IPv4Address | IPv6Address


class Refusal(StrEnum):
    """The rules by which something is refused. Values are stable: they stand in records."""

    NOT_DECLARED = "not-declared"
    INTERNAL = "internal-host"
    RESOLVED_INTERNAL = "resolved-internal"
    MALFORMED_HOST = "malformed-host"
    MALFORMED_REQUEST = "malformed-request"
    NOT_A_PROXY_REQUEST = "not-a-proxy-request"
    HOST_MISMATCH = "host-mismatch"
    TLS_NAME_MISMATCH = "tls-name-mismatch"
    TLS_NAME_MISSING = "tls-name-missing"
    TLS_NAME_HIDDEN = "tls-name-hidden"
    TLS_MALFORMED = "tls-malformed"
    NOT_HTTP = "not-http"
    NOT_DNS = "malformed-query"
    DNS_CLASS = "dns-class"
    DNS_NAMES = "too-many-names"
    UDP = "udp"
    OWN_LISTENER = "own-listener"
    NO_DESTINATION = "no-destination"
    CONNECTIONS = "too-many-connections"
    TIMEOUT = "timeout"
    STOPPED = "stopped"
    INTERNAL_FAULT = "proxy-fault"


@dataclass(frozen=True, slots=True)
class Allow:
    """The box may reach `host` at `port` (None for a DNS query), because of `rule`."""

    host: Host
    port: int | None
    rule: AllowRule


@dataclass(frozen=True, slots=True)
class Deny:
    """The box may not.

    Attributes:
        rule: which rule says so.
        reason: one sentence without a final full stop, for the program's author.
        advice: what to write into the envelope, or what to change; "" for nothing.
    """

    rule: Refusal
    reason: str
    advice: str = ""


def declare(port: int | None, *hosts: Host) -> str:
    """The advice that declares `hosts` at `port`."""
    entries = [host.with_port(port) for host in hosts]
    listed = ", ".join(f'"{entry}"' for entry in entries)
    options = " ".join(f"--egress {entry}" for entry in entries)
    return (
        f"if the tool needs it, write egress = [{listed}] under [envelope] in zu.toml, "
        f"or pass {options}"
    )


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """The allowlist of one box, asked in the four ways that the network asks."""

    allow: Allowlist

    def decide(self, text: str, port: int) -> Allow | Deny:
        """Judge a host as a program spelled it."""
        host = _parse(text)
        return host if isinstance(host, Deny) else self.decide_host(host, port)

    def decide_address(self, address: Address, port: int) -> Allow | Deny:
        """Judge an address that was observed, such as the destination of a connection."""
        return self.decide_host(Host.of_address(address), port)

    def decide_host(self, host: Host, port: int) -> Allow | Deny:
        """Judge a host in canonical form."""
        rule = self.allow.match(host, port)
        return Allow(host, port, rule) if rule else _refuse(host, port)

    def decide_name(self, text: str) -> Allow | Deny:
        """Judge a name that is looked up: allowed if it is allowed at any port."""
        host = _parse(text)
        if isinstance(host, Deny):
            return host
        rule = self.allow.match_any_port(host)
        return Allow(host, None, rule) if rule else _refuse(host, None)

    def check_resolved(self, addresses: Sequence[Address], allowed: Allow) -> Deny | None:
        """Judge what the name of `allowed` resolved to; None if every address is fine.

        One address of an internal class refuses the whole answer (DNS rebinding mixes
        them), unless a rule names that address or a network around it.
        """
        port = allowed.port or 0
        for address in addresses:
            host = Host.of_address(address)
            if host.klass.is_internal and self.allow.match(host, port) is None:
                return Deny(
                    Refusal.RESOLVED_INTERNAL,
                    f"{allowed.host} resolves to {host}, a {host.klass} address",
                    declare(allowed.port, allowed.host, host),
                )
        return None


def _parse(text: str) -> Host | Deny:
    try:
        return parse_host(text)
    except HostError as error:
        return Deny(Refusal.MALFORMED_HOST, error.message, error.advice)


def _refuse(host: Host, port: int | None) -> Deny:
    shown = host.with_port(port)
    if host.klass.is_internal:
        reason = f"{shown} is a {host.klass} host and not declared"
        return Deny(Refusal.INTERNAL, reason, declare(port, host))
    return Deny(Refusal.NOT_DECLARED, f"{shown} is not declared", declare(port, host))
