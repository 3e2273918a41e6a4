from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.errors import ConfigError
from zu_core.hosts.grammar import parse_rule
from zu_core.hosts.host import Host, parse_host
from zu_core.hosts.rule import AllowRule, Suffix

LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True).filter(
    lambda label: not label.startswith("xn--")
)
NAME = st.lists(LABEL, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "zone.com"]))
ADDRESS = st.one_of(
    st.integers(0, (1 << 32) - 1).map(IPv4Address),
    st.integers(0, (1 << 128) - 1).map(IPv6Address),
    st.just(IPv6Address("fe80::1%eth0")),
)
NETWORK = st.one_of(
    st.tuples(st.integers(8 << 24, (9 << 24) - 1), st.integers(8, 31)).map(
        lambda pair: ip_network((IPv4Address(pair[0]), pair[1]), strict=False)
    ),
    st.tuples(st.integers(0, (1 << 96) - 1), st.integers(32, 127)).map(
        lambda pair: IPv6Network(((0x2606 << 112) | pair[0], pair[1]), strict=False)
    ),
)
TARGET = st.one_of(NAME.map(parse_host), NAME.map(Suffix), ADDRESS.map(Host.of_address), NETWORK)
RULE = st.builds(AllowRule, TARGET, st.none() | st.integers(1, 65535))


@given(RULE)
def test_the_text_of_every_rule_is_that_rule(rule):
    assert parse_rule(str(rule)) == rule
    assert parse_rule(rule.text).text == rule.text


def rule_or_error(text):
    try:
        return parse_rule(text)
    except ConfigError as error:
        return error


@given(st.text(max_size=30) | st.text(alphabet="*.:/[]@a1%- com", max_size=16))
def test_any_text_is_a_rule_with_a_stable_text_or_an_error_that_can_be_printed(text):
    result = rule_or_error(text)
    if isinstance(result, AllowRule):
        assert parse_rule(result.text) == result
    else:
        assert result.message.isascii()
        assert str(result).isprintable()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("API.Example.com.", "api.example.com"),
        ("api.example.com:443", "api.example.com:443"),
        ("*.Example.com", "*.example.com"),
        ("*.example.com.:8443", "*.example.com:8443"),
        ("*.B\u00fccher.de", "*.xn--bcher-kva.de"),
        ("127.1:80", "127.0.0.1:80"),
        ("[::1]:80", "[::1]:80"),
        ("::FFFF:10.0.0.1", "10.0.0.1"),
        ("10.0.0.7/32", "10.0.0.7"),
        ("10.0.0.7/32:5432", "10.0.0.7:5432"),
        ("::1/128", "::1"),
        ("[fd00:0::/48]:5432", "[fd00::/48]:5432"),
        ("localhost:8080", "localhost:8080"),
        ("db.internal", "db.internal"),
        ("metadata.google.internal", "metadata.google.internal"),
        ("co.uk", "co.uk"),
    ],
)
def test_entries_and_their_canonical_text(text, canonical):
    assert parse_rule(text).text == canonical


REFUSED = [
    ("", "empty", "remove it"),
    ("  ", "empty", "remove it"),
    ("*", "every host", "`*.example.com`"),
    ("*.", "every host", "`*.example.com`"),
    ("*:443", "every host", "`*.example.com`"),
    ("*.*", "every host", "`*.example.com`"),
    ("**.example.com", "star", "`*.example.com`"),
    ("api.*.com", "star", "`*.example.com`"),
    ("api*.example.com", "star", "each host by name"),
    ("*example.com", "star", "`*.example.com`"),
    ("*.*.example.com", "star", "`*.example.com`"),
    ("*.com", "too broad", "`example.com`"),
    ("*.co.uk", "too broad", "`*.example.co.uk`"),
    ("*.co.uk:443", "too broad", "`*.example.co.uk`"),
    ("*.CO.UK.", "too broad", "`*.example.co.uk`"),
    ("*.github.io", "too broad", "`example.github.io`"),
    ("*.\u0440\u0444", "too broad", "example"),
    ("*.internal", "internal names (private)", "full name"),
    ("*.svc.local", "internal names (link-local)", "full name"),
    ("*.localhost", "internal names (loopback)", "full name"),
    ("*.10.0.0.1", "before an address", "`10.0.0.1`"),
    ("*.127.1", "before an address", "`127.0.0.1`"),
    ("*.[::1]:80", "before an address", "`[::1]:80`"),
    ("https://Example.com/", "more than a host", "write `example.com`"),
    ("https://u:p@example.com:8443/a?b#c", "more than a host", "write `example.com:8443`"),
    ("http://127.1/", "more than a host", "write `127.0.0.1`"),
    ("https://*/", "more than a host", "the host alone"),
    ("//example.com", "more than a host", "write `example.com`"),
    ("user@example.com", "more than a host", "write `example.com`"),
    ("example.com/path", "no network", "write `example.com`"),
    ("example.com/", "no network", "write `example.com`"),
    ("example.com/24", "no network", "write `example.com`"),
    ("10/8", "no network", "`10.0.0.0/8`"),
    ("0x7f.1/8", "no network", "`10.0.0.0/8`"),
    ("[fd00::/48", "", ""),
    ("0.0.0.0/0", "too broad", "/8"),
    ("::/0", "too broad", "/32"),
    (" example.com", "space", "write `example.com`"),
    ("example.com\n", "space", "write `example.com`"),
    ("a.com b.com", "space", "an entry of its own"),
    ("a.com,b.com", "comma", "an entry of its own"),
    (".example.com", "starts with a dot", "write `*.example.com`"),
    ("example.com:0", "port", "1 to 65535"),
    ("example.com:65536", "port", "1 to 65535"),
    ("example.com:", "port", "leave out the colon"),
    ("10.0.0.0/8:0", "port", "1 to 65535"),
    ("exa mple.com", "space", "an entry of its own"),
    ("1.2.3.256", "ends in a number", "`192.0.2.1`"),
    ("a\x00b", "not a host name", "letters"),
]


@pytest.mark.parametrize(("text", "message", "advice"), REFUSED)
def test_refused_entries_say_what_to_write(text, message, advice):
    with pytest.raises(ConfigError) as error:
        parse_rule(text)
    assert message in error.value.message
    assert advice in error.value.advice
    assert error.value.advice
