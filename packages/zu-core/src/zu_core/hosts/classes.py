"""What a host is to the network: the classes, ordered from the strictest down."""

from enum import StrEnum


class HostClass(StrEnum):
    """Where traffic to a host ends up. Values are stable: they stand in records.

    The order of definition is the order of strictness: where an address carries another
    one (NAT64, 6to4, Teredo, ...), the class that stands first here counts.
    """

    METADATA = "metadata"
    LOOPBACK = "loopback"
    UNSPECIFIED = "unspecified"
    LINK_LOCAL = "link-local"
    PRIVATE = "private"
    CGNAT = "cgnat"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"
    BENCHMARK = "benchmark"
    DOCUMENTATION = "documentation"
    RESERVED = "reserved"
    GLOBAL = "global"

    @property
    def is_internal(self) -> bool:
        """True for every class but GLOBAL: only GLOBAL is the public Internet."""
        return self is not HostClass.GLOBAL


_RANK = {klass: rank for rank, klass in enumerate(HostClass)}


def strictest(*classes: HostClass) -> HostClass:
    """The class among one or more `classes` that is defined first in `HostClass`."""
    return min(classes, key=_RANK.__getitem__)
