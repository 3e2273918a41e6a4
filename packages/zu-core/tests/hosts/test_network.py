from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.errors import ConfigError
from zu_core.hosts.network import is_network_text, parse_network, split_network_port


@given(st.integers(0, (1 << 32) - 1), st.integers(0, 32))
def test_an_ipv4_network_is_the_one_of_ipaddress_or_refused(address, prefix):
    network = IPv4Network((address, prefix), strict=False)
    try:
        parsed = parse_network(str(network))
    except ConfigError:
        assert prefix < 32
    else:
        assert parsed == network
        assert prefix >= 8


@given(st.integers(0, (1 << 128) - 1), st.integers(0, 128))
def test_an_ipv6_network_is_the_one_of_ipaddress_or_refused(address, prefix):
    network = IPv6Network((address, prefix), strict=False)
    try:
        parsed = parse_network(str(network))
    except ConfigError:
        assert prefix < 128
    else:
        assert parsed == network
        assert prefix >= 32


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "8.8.8.0/24",
        "127.0.0.0/8",
        "fd00::/32",
        "fd12:3456:789a::/48",
        "fe80::/64",
        "2606:4700::/32",
        "64:ff9b::808:800/120",
        "10.0.0.1/32",
        "::1/128",
    ],
)
def test_accepted_networks(text):
    assert parse_network(text) == ip_network(text)


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("0.0.0.0/0", "too broad", "/8"),
        ("10.0.0.0/7", "too broad", "/8"),
        ("::/0", "too broad", "/32"),
        ("2000::/3", "too broad", "/32"),
        ("fc00::/7", "too broad", "/32"),
        ("64:ff9b::/96", "too broad", "/104"),
        ("64:ff9b:1::/48", "too broad", "/104"),
        ("2001::/32", "too broad", "/104"),
        ("::/96", "too broad", "/104"),
        ("::ffff:0:0/96", "IPv4-mapped", "`0.0.0.0/0`"),
        ("::ffff:10.0.0.0/104", "IPv4-mapped", "`10.0.0.0/8`"),
        ("172.0.0.0/8", "public and internal addresses (private)", "one entry"),
        ("192.0.0.0/8", "public and internal", "one entry"),
        ("10.1.2.3/8", "behind its prefix", "`10.0.0.0/8`"),
        ("10.0.0.0/33", "number of network bits", "`10.0.0.0`"),
        ("10.0.0.0/255.0.0.0", "number of network bits", "`10.0.0.0`"),
        ("10.0.0.0/", "number of network bits", "`10.0.0.0`"),
        ("10.0.0.0/08", "number of network bits", "`10.0.0.0`"),
        ("10.0.0.0/+8", "number of network bits", "`10.0.0.0`"),
        ("10.0.0.0/\u0668", "number of network bits", "`10.0.0.0`"),
        ("10.0.0.0/8/8", "number of network bits", "`10.0.0.0`"),
        ("10.0.0.0/" + "8" * 5000, "number of network bits", "`10.0.0.0`"),
    ],
)
def test_refused_networks_say_what_to_write(text, message, advice):
    with pytest.raises(ConfigError) as error:
        parse_network(text)
    assert message in error.value.message
    assert advice in error.value.advice


@pytest.mark.parametrize("text", ["10/8", "10.0/8", "0x0a.0.0.0/8", "010.0.0.0/8", "a/8", "/8"])
def test_networks_are_written_in_full(text):
    assert not is_network_text(text)


@pytest.mark.parametrize(
    ("text", "body", "port"),
    [
        ("10.0.0.0/8", "10.0.0.0/8", None),
        ("10.0.0.0/8:80", "10.0.0.0/8", "80"),
        ("fd00::/32", "fd00::/32", None),
        ("[fd00::/32]", "fd00::/32", None),
        ("[fd00::/32]:80", "fd00::/32", "80"),
        ("10.0.0.0/8:", "10.0.0.0/8", ""),
    ],
)
def test_split_network_port(text, body, port):
    assert split_network_port(text) == (body, port)
