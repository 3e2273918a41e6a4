import contextlib
import functools
import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.egress.tls import BadHello, Hello, Incomplete, NotTls, read_client_hello

LIMIT = 16 * 1024


@functools.cache
def client_hello(name: str | None, protocols: tuple[str, ...] = ()) -> bytes:
    """What OpenSSL sends."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(list(protocols))
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def built(extensions: bytes) -> bytes:
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += len(extensions).to_bytes(2) + extensions
    handshake = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + len(handshake).to_bytes(2) + handshake


def extension(kind: int, data: bytes) -> bytes:
    return struct.pack("!HH", kind, len(data)) + data


def server_names(*entries: tuple[int, bytes]) -> bytes:
    names = b"".join(struct.pack("!BH", kind, len(name)) + name for kind, name in entries)
    return extension(0, len(names).to_bytes(2) + names)


@pytest.mark.parametrize("name", ["example.com", "xn--bcher-kva.example", None])
def test_the_name_of_a_real_hello(name):
    data = client_hello(name, ("h2", "http/1.1"))
    assert read_client_hello(data, LIMIT) == Hello(name, hidden=False)


def test_each_prefix_is_incomplete():
    data = client_hello("example.com")
    for length in range(len(data)):
        assert read_client_hello(data[:length], LIMIT) == Incomplete()


@given(st.integers(1, 50))
def test_a_hello_over_many_records(size):
    data = client_hello("example.com")
    handshake = data[5:]
    parts = [handshake[at : at + size] for at in range(0, len(handshake), size)]
    split = b"".join(b"\x16\x03\x01" + len(part).to_bytes(2) + part for part in parts)
    assert read_client_hello(split, LIMIT) == Hello("example.com", hidden=False)


def test_what_follows_the_hello_is_not_looked_at():
    data = client_hello("example.com") + b"\x17\x03\x03\xff\xff"
    assert read_client_hello(data, LIMIT) == Hello("example.com", hidden=False)


def test_a_hidden_name_is_seen():
    data = built(server_names((0, b"example.com")) + extension(0xFE0D, b"\0"))
    assert read_client_hello(data, LIMIT) == Hello("example.com", hidden=True)


@pytest.mark.parametrize(
    "extensions",
    [
        server_names((0, b"a.example"), (0, b"b.example")),
        server_names((0, b"a.example")) + server_names((0, b"b.example")),
        server_names((1, b"a.example")),
        server_names((0, b"")),
        server_names((0, b"a\0b.example")),
        server_names((0, b"a b")),
        server_names((0, "bücher".encode())),
        extension(0, b""),
        extension(0, b"\0\x20\0\0\x01a"),
        extension(0, b"\0\x04\0\0\x01a\0"),
        b"\0\0\xff",
    ],
)
def test_two_names_or_odd_names_are_malformed(extensions):
    assert isinstance(read_client_hello(built(extensions), LIMIT), BadHello)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\x00",  # an empty record
        b"\x16\x03\x01\xff\xff",  # a record that is too long
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",  # a ServerHello
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",  # 16 MiB of hello
        b"\x16\x03\x01\x00\x02\x01\x00\x17\x03\x03\x00\x01a",  # another kind in between
    ],
)
def test_malformed_records(data):
    assert isinstance(read_client_hello(data, LIMIT), BadHello)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"\x15\x03\x01", b"\x16\x02"])
def test_not_tls(data):
    assert read_client_hello(data, LIMIT) == NotTls()


@given(st.binary(max_size=300), st.booleans())
def test_any_octets_have_an_answer(data, framed):
    if framed:
        data = b"\x16\x03\x01" + len(data).to_bytes(2) + data
    assert isinstance(read_client_hello(data, LIMIT), Incomplete | NotTls | BadHello | Hello)


@given(st.data())
def test_a_changed_hello_has_an_answer(data):
    hello = bytearray(client_hello("example.com"))
    for _ in range(data.draw(st.integers(1, 5))):
        hello[data.draw(st.integers(5, len(hello) - 1))] = data.draw(st.integers(0, 255))
    answer = read_client_hello(bytes(hello), LIMIT)
    assert isinstance(answer, Incomplete | NotTls | BadHello | Hello)
