import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.hosts.host import Host, is_internal_host, parse_host, parse_host_port
from zu_core.hosts.host_error import HostError

FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in "0123456789abcdefxX"} | {ord("."): 0x3002}
NEAR_ADDRESS = st.text(alphabet="0123456789abcdefxX. \t\n\v\f\r-_", max_size=24)
NEAR_NAME = st.text(
    alphabet="abzAZ019-_.\u00df\u3002\uff0e1\uff12\uff58n\u00fc\u0418\u00ad\u200d\U0001f642",
    max_size=20,
)
LABELS = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,8}[a-z0-9_])?", fullmatch=True)
ANY_TEXT = st.one_of(
    st.text(max_size=40),
    NEAR_ADDRESS,
    NEAR_NAME,
    st.lists(LABELS, min_size=1, max_size=4).map(".".join),
    st.integers(0, (1 << 128) - 1).map(lambda n: str(IPv6Address(n))),
    st.integers(0, (1 << 32) - 1).map(lambda n: f"::ffff:{IPv4Address(n)}"),
)


def parse_or_none(text):
    try:
        return parse_host(text)
    except HostError:
        return None


@given(NEAR_ADDRESS)
def test_what_inet_aton_accepts_is_that_address_or_refused_and_never_a_name(text):
    try:
        expected = IPv4Address(socket.inet_aton(text))
    except (OSError, ValueError):
        return
    host = parse_or_none(text)
    assert host is None or host == Host.of_address(expected)


@given(
    st.sampled_from(["127.1", "0x7f.1", "0177.0.0.1", "2130706433", "8.8.8.8"]),
    st.sampled_from(" \t\n\v\f\r"),
    st.text(max_size=10),
)
def test_text_after_white_space_which_inet_aton_ignores_is_refused(address, space, rest):
    assert parse_or_none(address + space + rest) is None


@given(st.text(max_size=30) | NEAR_ADDRESS)
def test_an_ipv4_address_comes_only_from_text_that_inet_aton_accepts(text):
    host = parse_or_none(text)
    if host and text.isascii() and ":" not in text and host.address is not None:
        assert host.address == IPv4Address(socket.inet_aton(text.removesuffix(".")))


@given(NEAR_ADDRESS)
def test_full_width_text_is_the_same_host(text):
    assert parse_or_none(text.translate(FULL_WIDTH)) == parse_or_none(text)


@given(ANY_TEXT)
def test_the_canonical_form_of_every_host_is_that_host(text):
    host = parse_or_none(text)
    if host is not None:
        assert parse_host(host.canonical) == host
        assert parse_host(host.canonical).canonical == host.canonical
        assert host.canonical.isascii()
        assert host.canonical == host.canonical.lower() or "%" in text


@given(ANY_TEXT, st.integers(1, 65535) | st.none())
def test_host_and_port_survive_their_text(text, port):
    host = parse_or_none(text)
    if host is not None:
        assert parse_host_port(host.with_port(port)) == (host, port)


@given(ANY_TEXT)
def test_case_and_a_final_dot_do_not_matter(text):
    host = parse_or_none(text)
    if host is not None and host.name is not None:
        assert parse_host(host.name.upper()) == host
        assert parse_host(host.name + ".") == host
        assert parse_or_none(host.name + "..") is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Example.COM.", "example.com"),
        ("127.0.0.1.", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("\uff11\uff12\uff17\u3002\uff10\u3002\uff10\u3002\uff11", "127.0.0.1"),
        ("\u2460\u2461\u2466.0.0.1", "127.0.0.1"),
        ("127\u00ad.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::FFFF:127.0.0.1", "127.0.0.1"),
        ("[::ffff:7f00:1]", "127.0.0.1"),
        ("[fe80::1%eth0]", "fe80::1%eth0"),
        ("B\u00fccher.de", "xn--bcher-kva.de"),
    ],
)
def test_spellings_of_one_host_have_one_canonical_form(text, canonical):
    assert parse_host(text).canonical == str(parse_host(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        " example.com",
        "example.com ",
        "1.2.3.4 x",
        "1.2.3.4\n",
        "a\x00b",
        "a b",
        "a@b",
        "a/b",
        "a%2eb",
        "%00",
        "http://a",
        "[127.0.0.1]",
        "[::1",
        "::1]",
        "[a]",
        "[]",
        "[v1.x]",
        "1.2.3.256",
        "1.2.3.4.5",
        "foo.0x7",
        "0x",
        "a" * 2000,
        "a..b",
        "\uff45\uff20b",
        "a?b",
        "a\\b",
        "::1/128",
        "1:2",
        "2001:db8::1%eth0",
        "\ud800",
    ],
)
def test_text_that_is_no_host_is_refused(text):
    with pytest.raises(HostError) as error:
        parse_host(text)
    assert error.value.message
    assert is_internal_host(text)


def test_a_host_is_canonical_or_does_not_exist():
    for name in ("Example.com", "example.com.", "1.2.3.4", "a..b", ""):
        with pytest.raises(ValueError, match="canonical"):
            Host(name=name, address=None)
    with pytest.raises(ValueError, match="not both"):
        Host(name=None, address=None)
    with pytest.raises(ValueError, match="not both"):
        Host(name="a", address=IPv4Address("1.2.3.4"))
    mapped = Host.of_address(IPv6Address("::ffff:10.0.0.1"))
    assert mapped == parse_host("10.0.0.1")
    assert hash(mapped) == hash(parse_host("10.0.0.1"))


def test_a_host_does_not_change():
    with pytest.raises(AttributeError):
        parse_host("example.com").name = "other.com"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("example.com", "example.com", None),
        ("example.com:443", "example.com", 443),
        ("127.1:1", "127.0.0.1", 1),
        ("[::1]", "::1", None),
        ("[::1]:65535", "::1", 65535),
        ("::1:443", "::1:443", None),
        ("fe80::1%eth0", "fe80::1%eth0", None),
    ],
)
def test_parse_host_port(text, host, port):
    assert parse_host_port(text) == (parse_host(host), port)
    assert parse_host_port(text, 8080)[1] == (port or 8080)


@pytest.mark.parametrize(
    "text",
    [
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "a:-1",
        "a:+1",
        "a: 1",
        "a:1 ",
        "a:080",
        "a:\u0661",
        "a:1_0",
        "a:http",
        "[::1]:",
        "[::1]x",
        "[::1]:99999",
        ":80",
        "a:" + "1" * 5000,
    ],
)
def test_other_ports_are_refused(text):
    with pytest.raises(HostError) as error:
        parse_host_port(text)
    assert error.value.advice


@pytest.mark.parametrize(
    "text",
    [
        "localhost",
        "LOCALHOST.",
        "127.1",
        "0177.0.0.1",
        "0x7f000001",
        "2130706433",
        "[::1]",
        "::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:a00:1::",
        "fe80::1%eth0",
        "10.1",
        "0",
        "metadata.google.internal",
        "foo.local",
        "redis",
        "169.254.169.254:80",
        "[::1]:80",
        "x.example",
        "x.test",
        "",
        "a b",
        "http://example.com",
    ],
)
def test_internal_hosts_and_unreadable_text_are_internal(text):
    assert is_internal_host(text)


@pytest.mark.parametrize(
    "text", ["example.com", "example.com:443", "8.8.8.8", "[2606:4700::1]:443", "api.\u0440\u0444"]
)
def test_public_hosts_are_not_internal(text):
    assert not is_internal_host(text)


@given(st.integers(0, (1 << 24) - 1), st.sampled_from(["{}", "{}.", "::ffff:{}", "64:ff9b::{}"]))
def test_every_loopback_address_is_internal_in_every_form(low, form):
    assert is_internal_host(form.format(IPv4Address(127 << 24 | low)))
