"""The head of a CONNECT request (RFC 9112 section 3.2.3), read without a framing parser.

It has no body, so nothing of how h11 frames messages is needed, and h11 takes half of
the time that a new tunnel costs (docs/adr/0007). The head was checked by `http` before.
"""

import re
from dataclasses import dataclass

from zu_core.errors import ProtocolError

_LINE = re.compile(rb"CONNECT ([\x21-\x7e]+) HTTP/1\.([01])")
# a token, then visible octets, obs-text and white space (RFC 9110 section 5.5 and 5.6.2)
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_BODY = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class ConnectHead:
    """Attributes: `host` is the value of the Host header, None without one."""

    target: bytes
    host: bytes | None


def is_connect(head: bytes) -> bool:
    """Whether the request line begins as that of CONNECT."""
    return head.startswith(b"CONNECT ")


def connect_head(lines: list[bytes]) -> ConnectHead:
    """The request that the checked `lines` of a head make.

    Raises:
        ProtocolError: they are no CONNECT request, or one with a body.
    """
    line = _LINE.fullmatch(lines[0])
    if line is None:
        raise ProtocolError("illegal request line")
    headers: dict[bytes, bytes] = {}
    for text in lines[1:]:
        header = _HEADER.fullmatch(text)
        if header is None:
            raise ProtocolError("illegal header line")
        name, value = header[1].lower(), header[2].rstrip(b" \t")
        headers[name] = headers[name] + b"," + value if name in headers else value
    if any(name in headers for name in _BODY):
        raise ProtocolError("CONNECT with a body")
    nominated = {token.strip().lower() for token in headers.get(b"connection", b"").split(b",")}
    if b"host" in nominated:
        raise ProtocolError("a connection header that names host")
    host = headers.get(b"host")
    if host is None and line[2] == b"1":
        raise ProtocolError("no host header in HTTP/1.1")
    return ConnectHead(line[1], host)
