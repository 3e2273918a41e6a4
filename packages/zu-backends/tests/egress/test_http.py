import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.egress import Allow, EgressLimits, EgressPolicy, Refusal
from zu_backends.egress.http import (
    Connect,
    Forward,
    Refuse,
    head_length,
    host_asked,
    judge_connect,
    judge_origin_request,
    judge_proxy_request,
    request_head,
)
from zu_backends.egress.http_connect import ConnectHead
from zu_core.errors import ProtocolError
from zu_core.hosts import Allowlist

LIMITS = EgressLimits()
POLICY = EgressPolicy(
    Allowlist.parse(["example.com", "93.184.215.14", "www.example.net:8080", "[2606:4700::1]"])
)


def parse(*lines: str) -> h11.Request:
    return request_head("".join(f"{line}\r\n" for line in (*lines, "")).encode(), LIMITS)[1]


def sent(request: h11.Request) -> str:
    return h11.Connection(h11.CLIENT).send(request).decode()


def destination(text: str = "example.com", port: int = 80) -> Allow:
    decision = POLICY.decide(text, port)
    assert isinstance(decision, Allow)
    return decision


@pytest.mark.parametrize(
    ("data", "length"),
    [(b"a\r\n\r\nb", 5), (b"a\n\nb", 3), (b"a\n\r\nb", 4), (b"a\r\nb\r\n", None), (b"", None)],
)
def test_head_length(data, length):
    assert head_length(data) == length


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (b"EXAMPLE.com.:443", b"example.com:443"),
        (b"example.com:443", None),
        (b"example.com:443", b"example.com"),
    ],
)
def test_connect(target, host):
    judged = judge_connect(ConnectHead(target, host), POLICY)
    assert isinstance(judged, Connect)
    assert (judged.allowed.host.canonical, judged.allowed.port) == ("example.com", 443)


def test_what_goes_upstream():
    judged = judge_proxy_request(
        parse(
            "POST HTTP://Example.COM:80?q HTTP/1.1",
            "Host: example.com",
            "Proxy-Authorization: Basic c2VjcmV0",
            "Proxy-Connection: keep-alive",
            "Connection: keep-alive, X-Hop",
            "X-Hop: 1",
            "X-Stays: 2",
            "Keep-Alive: 5",
            "TE: trailers",
            "Upgrade: h2c",
            "HTTP2-Settings: x",
            "Expect: 100-continue",
            "Content-Length: 3",
        ),
        POLICY,
    )
    assert isinstance(judged, Forward)
    assert sent(judged.request) == (
        "POST /?q HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n"
        "X-Stays: 2\r\nContent-Length: 3\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("target", "method", "host", "outgoing"),
    [
        ("http://example.com", "GET", "example.com", "GET / "),
        ("http://example.com:8080/a//b?c", "GET", "example.com:8080", "GET /a//b?c "),
        ("http://example.com", "OPTIONS", "example.com", "OPTIONS * "),
        ("http://[2606:4700::1]/", "GET", "[2606:4700:0::1]:80", "GET / "),
    ],
)
def test_absolute_form(target, method, host, outgoing):
    judged = judge_proxy_request(parse(f"{method} {target} HTTP/1.1", f"Host: {host}"), POLICY)
    assert isinstance(judged, Forward)
    assert sent(judged.request).startswith(outgoing)
    assert f"Host: {target.split('/')[2]}\r\n" in sent(judged.request)


def test_origin_form_needs_the_host_that_the_connection_is_for():
    for host in ("example.com", "EXAMPLE.com.", "example.com:80"):
        judged = judge_origin_request(
            parse("GET / HTTP/1.1", f"Host: {host}"), POLICY, destination()
        )
        assert isinstance(judged, Forward)
        assert "Host: example.com\r\n" in sent(judged.request)
    for host in ("evil.org", "example.com:81", "www.example.com", ""):
        judged = judge_origin_request(
            parse("GET / HTTP/1.1", f"Host: {host}"), POLICY, destination()
        )
        assert isinstance(judged, Refuse)
    assert isinstance(judge_origin_request(parse("GET / HTTP/1.0"), POLICY, destination()), Forward)


def test_an_address_may_be_called_by_an_allowed_name_only():
    to = destination("93.184.215.14", 8080)
    named = parse("GET / HTTP/1.1", "Host: www.example.net:8080")
    judged = judge_origin_request(named, POLICY, to)
    assert isinstance(judged, Forward)
    assert "Host: www.example.net:8080\r\n" in sent(judged.request)
    for host in ("evil.org:8080", "10.0.0.1:8080", "www.example.net:80"):
        other = judge_origin_request(parse("GET / HTTP/1.1", f"Host: {host}"), POLICY, to)
        assert isinstance(other, Refuse)


@pytest.mark.parametrize("target", ["http://example.com/", "example.com:80", "*", "x"])
def test_origin_form_only(target):
    request = parse(f"GET {target} HTTP/1.1", "Host: example.com")
    judged = judge_origin_request(request, POLICY, destination())
    assert isinstance(judged, Refuse)
    assert judged.deny.rule is Refusal.MALFORMED_REQUEST


def test_the_host_of_a_request_that_is_refused_anyway():
    assert host_asked(b"GET / HTTP/1.1\r\nA: b\r\nhost:  evil.org \r\n") == "evil.org"
    assert host_asked(b"GET / HTTP/1.1") == ""


HEADS = st.lists(
    st.sampled_from(
        [
            b"GET ", b"POST ", b"CONNECT ", b"http://example.com", b"example.com:443", b"/", b"*",
            b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b"Host: ",
            b"example.com", b"evil.org", b"Content-Length: ", b"4", b"Transfer-Encoding: ",
            b"chunked", b"Connection: ", b"close", b",", b":", b"\xff", b"@", b"[::1]", b"%00",
        ]
    ),
    max_size=25,
).map(b"".join)  # fmt: skip


@given(st.one_of(HEADS, st.binary(max_size=200)))
def test_any_head_is_parsed_or_refused_and_only_allowed_hosts_pass(head):
    try:
        _, request = request_head(head + b"\r\n\r\n", LIMITS)
    except ProtocolError:
        return
    judged = judge_proxy_request(request, POLICY)
    if isinstance(judged, Connect | Forward):
        assert judged.allowed.host.canonical == "example.com"
    if isinstance(judged, Forward):
        again = h11.Connection(h11.SERVER)
        again.receive_data(h11.Connection(h11.CLIENT).send(judged.request) or b"")
        event = again.next_event()
        assert isinstance(event, h11.Request)
        assert [v for n, v in event.headers if n == b"host"] == [b"example.com"]
