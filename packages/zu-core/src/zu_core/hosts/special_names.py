"""Names with a special meaning, as data. A row counts for the name and for all names below it.

Sources: the IANA Special-Use Domain Names registry (RFC 6761), RFC 6762 appendix G for
private top-level names in use, and provider documentation for metadata services.
example.com, example.net and example.org resolve in the public DNS and have no row; the
top-level name `example` never resolves there.
"""

from typing import NamedTuple

from zu_core.hosts.classes import HostClass


class SpecialName(NamedTuple):
    """One row; `name` is canonical: lower case, no trailing dot."""

    name: str
    klass: HostClass
    source: str


SPECIAL_NAMES: tuple[SpecialName, ...] = (
    SpecialName("metadata.google.internal", HostClass.METADATA, "Google Cloud"),
    SpecialName("metadata.goog", HostClass.METADATA, "Google Cloud"),
    SpecialName("metadata", HostClass.METADATA, "Google Cloud, through the search domain"),
    SpecialName("instance-data", HostClass.METADATA, "AWS, through the search domain"),
    SpecialName("instance-data.ec2.internal", HostClass.METADATA, "AWS"),
    SpecialName("metadata.tencentyun.com", HostClass.METADATA, "Tencent Cloud"),
    SpecialName("api.metadata.cloud.ibm.com", HostClass.METADATA, "IBM Cloud"),
    SpecialName("metadata.platformequinix.com", HostClass.METADATA, "Equinix Metal"),
    SpecialName("rancher-metadata", HostClass.METADATA, "Rancher"),
    SpecialName("localhost", HostClass.LOOPBACK, "RFC 6761"),
    SpecialName("localhost.localdomain", HostClass.LOOPBACK, "hosts file of distributions"),
    SpecialName("localdomain4", HostClass.LOOPBACK, "hosts file of distributions"),
    SpecialName("localdomain6", HostClass.LOOPBACK, "hosts file of distributions"),
    SpecialName("localhost4", HostClass.LOOPBACK, "hosts file of distributions"),
    SpecialName("localhost6", HostClass.LOOPBACK, "hosts file of distributions"),
    SpecialName("ip6-localhost", HostClass.LOOPBACK, "hosts file of distributions"),
    SpecialName("ip6-loopback", HostClass.LOOPBACK, "hosts file of distributions"),
    SpecialName("local", HostClass.LINK_LOCAL, "RFC 6762"),
    SpecialName("internal", HostClass.PRIVATE, "ICANN resolution of 29 July 2024"),
    SpecialName("home.arpa", HostClass.PRIVATE, "RFC 8375"),
    SpecialName("intranet", HostClass.PRIVATE, "RFC 6762 appendix G"),
    SpecialName("private", HostClass.PRIVATE, "RFC 6762 appendix G"),
    SpecialName("corp", HostClass.PRIVATE, "RFC 6762 appendix G"),
    SpecialName("home", HostClass.PRIVATE, "RFC 6762 appendix G"),
    SpecialName("lan", HostClass.PRIVATE, "RFC 6762 appendix G"),
    SpecialName("localdomain", HostClass.PRIVATE, "hosts file of distributions"),
    SpecialName("svc", HostClass.PRIVATE, "Kubernetes, through the search domain"),
    SpecialName("example", HostClass.DOCUMENTATION, "RFC 6761"),
    SpecialName("test", HostClass.RESERVED, "RFC 6761"),
    SpecialName("invalid", HostClass.RESERVED, "RFC 6761"),
    SpecialName("onion", HostClass.RESERVED, "RFC 7686"),
    SpecialName("alt", HostClass.RESERVED, "RFC 9476"),
    SpecialName("arpa", HostClass.RESERVED, "RFC 3172"),
)

_BY_NAME = {row.name: row.klass for row in SPECIAL_NAMES}


def special_name_class(name: str) -> HostClass | None:
    """The class of the longest row that is `name` or stands above it; None without a row."""
    rest = name
    while rest:
        if (klass := _BY_NAME.get(rest)) is not None:
            return klass
        rest = rest.partition(".")[2]
    return None


def classify_name(name: str) -> HostClass:
    """The class of a canonical name, from its text alone: nothing is resolved.

    A name without a dot is PRIVATE: only a search domain, a hosts file or a container
    network can answer it. GLOBAL says nothing of the addresses that the name resolves to;
    they have to be classified by themselves.
    """
    if (klass := special_name_class(name)) is not None:
        return klass
    return HostClass.GLOBAL if "." in name else HostClass.PRIVATE
