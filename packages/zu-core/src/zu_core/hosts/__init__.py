"""What a host is, and which hosts may be reached: the one answer for the whole system.

`parse_host` turns every spelling that programs accept into one canonical form,
`classify` says which part of the network an address is in, `Allowlist` holds the egress
rules. Nothing here resolves a name or opens a socket. The grammar and the tables are in
docs/hosts.md.
"""

from zu_core.hosts.allowlist import Allowlist
from zu_core.hosts.classes import HostClass, strictest
from zu_core.hosts.classify import classify, embedded_ipv4
from zu_core.hosts.grammar import parse_rule
from zu_core.hosts.host import Host, is_internal_host, parse_host, parse_host_port
from zu_core.hosts.host_error import HostError
from zu_core.hosts.rule import AllowRule, Suffix
from zu_core.hosts.special_names import classify_name

__all__ = [
    "AllowRule",
    "Allowlist",
    "Host",
    "HostClass",
    "HostError",
    "Suffix",
    "classify",
    "classify_name",
    "embedded_ipv4",
    "is_internal_host",
    "parse_host",
    "parse_host_port",
    "parse_rule",
    "strictest",
]
