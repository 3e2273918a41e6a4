import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.errors import ConfigError
from zu_core.hosts.allowlist import Allowlist
from zu_core.hosts.classes import HostClass
from zu_core.hosts.classify import covered_classes
from zu_core.hosts.grammar import parse_rule
from zu_core.hosts.host import Host, parse_host
from zu_core.hosts.rule import Suffix

ENTRIES = st.sampled_from(
    [
        "a.zone.com",
        "b.a.zone.com",
        "zone.com",
        "*.zone.com",
        "*.a.zone.com",
        "*.google.com",
        "db.internal",
        "metadata.google.internal",
        "localhost",
        "10.0.0.1",
        "10.0.0.0/8",
        "10.0.0.0/16",
        "169.254.0.0/16",
        "169.254.169.254",
        "8.8.8.8",
        "8.0.0.0/8",
        "168.63.0.0/16",
        "::1",
        "fd00::/32",
        "64:ff9b::a00:0/104",
        "64:ff9b::800:0/104",
        "fe80::1",
        "fe80::1%eth0",
    ]
)
RULES = st.lists(
    st.tuples(ENTRIES, st.sampled_from([None, 80, 443])).map(lambda pair: with_port(*pair)),
    max_size=8,
)
HOSTS = st.sampled_from(
    [
        "a.zone.com",
        "b.a.zone.com",
        "c.b.a.zone.com",
        "zone.com",
        "xzone.com",
        "db.internal",
        "other.internal",
        "metadata.google.internal",
        "localhost",
        "10.0.0.1",
        "10.9.9.9",
        "169.254.1.1",
        "169.254.169.254",
        "8.8.8.8",
        "8.1.1.1",
        "168.63.129.16",
        "168.63.1.1",
        "::1",
        "fd00::1",
        "fd00:ec2::254",
        "64:ff9b::a00:1",
        "64:ff9b::808:808",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
    ]
).map(parse_host)
PORTS = st.sampled_from([80, 443, 8080])


def with_port(entry, port):
    rule = parse_rule(entry)
    return type(rule)(rule.target, port).text


def allows(rule, host, port):
    """What the documentation says that a rule matches, one rule at a time."""
    if rule.port not in (None, port):
        return False
    target, internal = rule.target, host.klass.is_internal
    if isinstance(target, Host):
        return target == host
    if isinstance(target, Suffix):
        return host.name is not None and not internal and host.name.endswith(f".{target.name}")
    if host.address is None or host.klass is HostClass.METADATA or host.address not in target:
        return False
    return not internal or all(klass.is_internal for klass in covered_classes(target))


@given(RULES, HOSTS, PORTS)
def test_match_finds_a_rule_if_and_only_if_one_allows(entries, host, port):
    allowlist = Allowlist.parse(entries)
    rule = allowlist.match(host, port)
    if rule is None:
        assert not any(allows(each, host, port) for each in allowlist)
    else:
        assert rule in allowlist.rules
        assert allows(rule, host, port)


@given(RULES, HOSTS)
def test_match_any_port_finds_a_rule_if_and_only_if_some_port_is_allowed(entries, host):
    allowlist = Allowlist.parse(entries)
    some = [rule for rule in allowlist if allows(rule, host, rule.port or 1)]
    found = allowlist.match_any_port(host)
    assert found in some if some else found is None


@given(RULES, st.randoms())
def test_order_and_duplicates_do_not_matter(entries, random):
    shuffled = [*entries, *entries]
    random.shuffle(shuffled)
    first, second = Allowlist.parse(entries), Allowlist.parse(shuffled)
    assert first == second
    assert hash(first) == hash(second)
    assert str(first) == str(second)
    assert Allowlist.parse(str(first).splitlines()) == first
    assert len(first) == len(set(entries))


def matched(entries, host, port=443):
    rule = Allowlist.parse(entries).match(parse_host(host), port)
    return rule and rule.text


def test_the_empty_list_allows_nothing():
    assert Allowlist() == Allowlist.parse([])
    assert matched([], "example.com") is None
    assert Allowlist().match_any_port(parse_host("example.com")) is None


def test_a_wildcard_is_every_depth_below_and_not_the_suffix():
    assert matched(["*.zone.com"], "a.zone.com") == "*.zone.com"
    assert matched(["*.zone.com"], "c.b.a.zone.com") == "*.zone.com"
    assert matched(["*.zone.com"], "zone.com") is None
    assert matched(["*.zone.com"], "azone.com") is None
    assert matched(["*.zone.com"], "zone.com.evil.net") is None


def test_a_rule_without_port_is_for_every_port():
    assert matched(["zone.com"], "zone.com", 22) == "zone.com"
    assert matched(["zone.com:443"], "zone.com", 443) == "zone.com:443"
    assert matched(["zone.com:443"], "zone.com", 80) is None


def test_the_most_specific_rule_is_named():
    every = ["zone.com", "zone.com:443", "*.zone.com", "*.a.zone.com:443", "x.a.zone.com"]
    assert matched(every, "zone.com") == "zone.com:443"
    assert matched(every, "zone.com", 80) == "zone.com"
    assert matched(every, "x.a.zone.com") == "x.a.zone.com"
    assert matched(every, "y.a.zone.com") == "*.a.zone.com:443"
    assert matched(every, "y.a.zone.com", 80) == "*.zone.com"
    assert matched(["10.0.0.0/8", "10.1.0.0/16"], "10.1.0.1") == "10.1.0.0/16"


def test_names_and_addresses_do_not_match_each_other():
    assert matched(["localhost"], "127.0.0.1") is None
    assert matched(["127.0.0.1"], "localhost") is None
    assert matched(["127.0.0.0/8"], "localhost") is None


def test_every_spelling_of_an_address_is_matched():
    for text in ("127.1", "0x7f.1", "2130706433", "127.0.0.1.", "::ffff:127.0.0.1"):
        assert matched(["127.0.0.1"], text) == "127.0.0.1"
        assert matched([text], "127.0.0.1") == "127.0.0.1"


def test_a_wildcard_does_not_match_an_internal_name():
    allowlist = Allowlist.parse(["*.tencentyun.com", "*.cloud.ibm.com"])
    assert allowlist.match(parse_host("cos.tencentyun.com"), 80) is not None
    assert allowlist.match(parse_host("metadata.tencentyun.com"), 80) is None
    assert allowlist.match(parse_host("api.metadata.cloud.ibm.com"), 80) is None


def test_a_network_does_not_match_a_metadata_service():
    assert matched(["169.254.0.0/16"], "169.254.1.1") == "169.254.0.0/16"
    assert matched(["169.254.0.0/16"], "169.254.169.254") is None
    assert matched(["168.0.0.0/8"], "168.63.129.16") is None
    assert matched(["fd00:ec2::/32"], "fd00:ec2::254") is None
    assert matched(["169.254.169.254"], "169.254.169.254") == "169.254.169.254"


def test_a_public_network_does_not_match_an_internal_address_behind_nat64():
    assert matched(["64:ff9b::800:0/104"], "64:ff9b::808:808") == "64:ff9b::800:0/104"
    assert matched(["64:ff9b::a00:0/104"], "64:ff9b::a00:1") is None


def test_a_zone_is_part_of_an_exact_address_and_not_of_a_network():
    assert matched(["fe80::1%eth0"], "fe80::1%eth0") == "fe80::1%eth0"
    assert matched(["fe80::1%eth0"], "fe80::1%eth1") is None
    assert matched(["fe80::1"], "fe80::1%eth0") is None
    assert matched(["fe80::/64"], "fe80::1%eth0") == "fe80::/64"


def test_rules_stand_in_canonical_order():
    shown = ["fd00::/32", "10.0.0.0/8", "::1", "9.9.9.9", "*.zone.com", "b.com:80", "b.com"]
    shown += ["a.b.com", "a.net", "10.0.0.0/16", "[::1]:80"]
    assert str(Allowlist.parse(shown)).splitlines() == [
        "b.com",
        "b.com:80",
        "a.b.com",
        "a.net",
        "*.zone.com",
        "9.9.9.9",
        "::1",
        "[::1]:80",
        "10.0.0.0/8",
        "10.0.0.0/16",
        "fd00::/32",
    ]


def test_one_text_is_no_list_of_entries():
    with pytest.raises(ConfigError, match="a list of entries"):
        Allowlist.parse("example.com")


def test_one_bad_entry_refuses_the_list():
    with pytest.raises(ConfigError, match="every host"):
        Allowlist.parse(["example.com", "*"])


def test_a_list_does_not_change():
    with pytest.raises(AttributeError):
        Allowlist.parse(["example.com"]).rules = ()
