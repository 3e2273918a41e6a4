from ipaddress import ip_network

import pytest

from zu_core.hosts.host import parse_host
from zu_core.hosts.rule import AllowRule, Suffix


@pytest.mark.parametrize(
    ("target", "port", "text"),
    [
        (parse_host("Example.com."), None, "example.com"),
        (parse_host("example.com"), 443, "example.com:443"),
        (parse_host("127.1"), 80, "127.0.0.1:80"),
        (parse_host("::1"), None, "::1"),
        (parse_host("::1"), 80, "[::1]:80"),
        (Suffix("example.com"), None, "*.example.com"),
        (Suffix("example.com"), 443, "*.example.com:443"),
        (ip_network("10.0.0.0/8"), None, "10.0.0.0/8"),
        (ip_network("10.0.0.0/8"), 443, "10.0.0.0/8:443"),
        (ip_network("fd00::/32"), None, "fd00::/32"),
        (ip_network("fd00::/32"), 443, "[fd00::/32]:443"),
    ],
)
def test_canonical_text(target, port, text):
    rule = AllowRule(target, port)
    assert rule.text == str(rule) == text


def test_rules_are_values():
    rule = AllowRule(parse_host("example.com"), 443)
    assert rule == AllowRule(parse_host("EXAMPLE.com"), 443)
    assert len({rule, AllowRule(parse_host("example.com."), 443)}) == 1
    assert rule != AllowRule(parse_host("example.com"), None)
    with pytest.raises(AttributeError):
        rule.port = None
