"""CONNECT heads are read as h11 reads them."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.egress import EgressLimits
from zu_backends.egress.http import check_head, request_head
from zu_backends.egress.http_connect import ConnectHead, connect_head, is_connect
from zu_core.errors import ProtocolError

LIMITS = EgressLimits()
PARTS = st.sampled_from(
    [
        *(
            b"CONNECT ",
            b"example.com:443",
            b" HTTP/1.1",
            b" HTTP/1.0",
            b"\r\n",
            b"Host:",
            b"host: ",
        ),
        *(b"example.com", b"X-A: b", b"Content-Length: 0", b"Connection: host", b" ", b"\t", b":"),
        *(b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"\xff", b"\x01", b'"', b"x"),
    ]
)


def read(head: bytes) -> ConnectHead | None:
    try:
        return connect_head(check_head(head, LIMITS))
    except ProtocolError:
        return None


def read_by_h11(head: bytes) -> h11.Request | None:
    try:
        return request_head(head, LIMITS)[1]
    except ProtocolError:
        return None


@given(st.lists(PARTS, max_size=12).map(b"".join))
def test_never_more_than_h11_takes(middle):
    head = b"CONNECT example.com:443 HTTP/1.1\r\n" + middle + b"\r\n\r\n"
    found = read(head)
    if found is not None:
        request = read_by_h11(head)
        assert request is not None
        assert found.target == request.target
        assert found.host == dict(request.headers).get(b"host")


@pytest.mark.parametrize(
    "lines",
    [
        [b"CONNECT example.com:443 HTTP/1.1", b"Host: example.com:443", b"User-Agent: x y"],
        [b"CONNECT example.com:443 HTTP/1.0"],
        [b"CONNECT example.com:443 HTTP/1.1", b"host:\t example.com \t", b"Proxy-Connection: x"],
    ],
)
def test_what_usual_clients_send_is_taken(lines):
    head = b"".join(line + b"\r\n" for line in (*lines, b""))
    assert is_connect(head)
    request = read_by_h11(head)
    assert request is not None
    assert read(head) == ConnectHead(request.target, dict(request.headers).get(b"host"))


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (b"CONNECT  example.com:443 HTTP/1.1", b"Host: a"),
        (b"CONNECT example.com:443 x HTTP/1.1", b"Host: a"),
        (b"CONNECT example\xe9.com:443 HTTP/1.1", b"Host: a"),
        (b"CONNECT example.com:443 HTTP/1.1", b"X-Other: a"),
        (b"CONNECT example.com:443 HTTP/1.1", b"Host : a"),
        (b"CONNECT example.com:443 HTTP/1.1", b"no colon"),
        (b"CONNECT example.com:443 HTTP/1.0", b"Content-Length: 3"),
        (b"CONNECT example.com:443 HTTP/1.0", b"Transfer-Encoding: chunked"),
        (b"CONNECT example.com:443 HTTP/1.0", b"Connection: keep-alive, Host"),
    ],
)
def test_what_is_refused(line, header):
    with pytest.raises(ProtocolError):
        connect_head([line, header])


def test_another_method_is_none():
    assert not is_connect(b"GET / HTTP/1.1\r\n\r\n")
    assert not is_connect(b"CONNECTION / HTTP/1.1\r\n\r\n")
