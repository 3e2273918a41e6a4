"""HTTP/1.1 requests: bytes in, decisions out (RFC 9110, RFC 9112).

h11 parses; the head is checked before it, because h11 accepts forms that another parser
may read differently, and a request that two parsers read differently is how a smuggled
one passes. `http_answers` has the other direction.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import h11

from zu_backends.egress.http_connect import ConnectHead
from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.policy import Allow, Deny, EgressPolicy, Refusal
from zu_core.errors import ProtocolError
from zu_core.hosts import Host, HostError, parse_host_port

Headers = list[tuple[bytes, bytes]]

HTTP_PORT = 80
_SINGLE = (b"host", b"content-length", b"transfer-encoding")
_BODY = (b"content-length", b"transfer-encoding")
_ESSENTIAL = frozenset((b"host", b"content-length"))
# as it stands on the wire: h11 makes one number of "4, 4"
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(rb"[ \t]*[0-9]{1,18}[ \t]*\Z")
_SHOWN = 1024  # characters of a host that is no host
# RFC 9110 section 7.6.1; no Upgrade but WebSocket is passed on, so a request stays HTTP/1.1
HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"te", b"trailer", b"upgrade", b"http2-settings")
)


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a tunnel to `allowed`."""

    allowed: Allow


@dataclass(frozen=True, slots=True)
class Forward:
    """Send `request` to `allowed`; it is complete but for its body."""

    allowed: Allow
    request: h11.Request


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with `status` and close.

    Attributes:
        host, port: what was asked for, as far as it can be told.
    """

    status: int
    deny: Deny
    host: str = ""
    port: int = 0


def head_length(data: bytes | bytearray) -> int | None:
    """Octets up to and with the first empty line, ended by LF or CRLF; None without one."""
    ends = [at + 2 for at in (data.find(b"\n\n"),) if at >= 0]
    ends += [at + 3 for at in (data.find(b"\n\r\n"),) if at >= 0]
    return min(ends) if ends else None


def request_head(head: bytes, limits: EgressLimits) -> tuple[h11.Connection, h11.Request]:
    """The request of `head`, and the connection that its body is to be fed to.

    Raises:
        ProtocolError: not one plain request head.
    """
    check_head(head, limits)
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes)
    try:
        connection.receive_data(head)
        request = connection.next_event()
    except h11.RemoteProtocolError as error:
        raise ProtocolError(str(error)) from None
    if not isinstance(request, h11.Request):
        raise ProtocolError("no request before the empty line")
    _check_framing(request)
    return connection, request


def check_head(head: bytes, limits: EgressLimits) -> list[bytes]:
    """The lines of `head`, whose form no two parsers read differently.

    Raises:
        ProtocolError: it has another form.
    """
    if len(head) > limits.head_bytes:
        raise ProtocolError(f"a request head of more than {limits.head_bytes} octets")
    if not head.endswith(b"\r\n\r\n"):
        raise ProtocolError("a line that ends with a bare LF")
    lines = head[:-4].split(b"\r\n")
    if len(lines) > limits.headers:
        raise ProtocolError(f"more than {limits.headers} header lines")
    if _CONTROL.search(b"".join(lines)):
        raise ProtocolError("a control character (NUL, bare CR or LF, ...) in the request head")
    if not lines[0].endswith((b" HTTP/1.1", b" HTTP/1.0")):
        raise ProtocolError("a request line that is not of HTTP/1.1 or HTTP/1.0")
    if any(line.startswith((b" ", b"\t")) for line in lines):
        raise ProtocolError("a folded header line")
    names = Counter(line.partition(b":")[0].lower() for line in lines[1:])
    for name in _SINGLE:
        if names[name] > 1:
            raise ProtocolError(f"more than one {name.decode()} header")
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and not _LENGTH.match(value):
            raise ProtocolError("a content-length that is not one plain number")
    return lines


def _check_framing(request: h11.Request) -> None:
    headers = dict(request.headers)
    length, coding = headers.get(b"content-length"), headers.get(b"transfer-encoding")
    if length is not None and coding is not None:
        raise ProtocolError("both content-length and transfer-encoding")
    if coding is not None and request.http_version != b"1.1":
        raise ProtocolError("transfer-encoding in HTTP/1.0")
    nominated = _nominated(request) & _ESSENTIAL
    if nominated:
        raise ProtocolError("a connection header that names host or content-length")


def _nominated(request: h11.Request) -> set[bytes]:
    """The header names that the Connection header makes hop-by-hop."""
    values = (value for name, value in request.headers if name == b"connection")
    return {token.strip().lower() for value in values for token in value.split(b",")}


def judge_proxy_request(request: h11.Request, policy: EgressPolicy) -> Forward | Refuse:
    """Judge a request that was sent to a proxy in absolute-form (RFC 9112 section 3.2.2)."""
    scheme, separator, rest = request.target.partition(b"://")
    if not separator or scheme.lower() != b"http":
        return _not_for_a_proxy(request, scheme if separator else b"")
    end = min((at for at in map(rest.find, (b"/", b"?", b"#")) if at >= 0), default=len(rest))
    asked = _authority(rest[:end], HTTP_PORT)
    if isinstance(asked, Deny):
        return Refuse(400, asked, _shown(rest[:end]))
    host, port = asked
    stated = _host_header(request, HTTP_PORT)
    if stated is not None and stated != (host, port):
        return _mismatch(_host_value(request), host, port)
    return _decide(request, policy, host, port, target=_origin_form(request, rest[end:]))


def judge_origin_request(
    request: h11.Request, policy: EgressPolicy, destination: Allow
) -> Forward | Refuse:
    """Judge a request on a connection that was allowed to `destination`.

    The Host header must say the same host; where only an address is known, it may also
    be a name that is allowed at that port.
    """
    port = destination.port or HTTP_PORT
    shown = destination.host.canonical
    if not (
        request.target.startswith(b"/") or (request.method, request.target) == (b"OPTIONS", b"*")
    ):
        deny = Deny(Refusal.MALFORMED_REQUEST, "a request target that is no path")
        return Refuse(400, deny, shown, port)
    stated = _host_header(request, port)
    if isinstance(stated, Deny):
        return Refuse(400, stated, _shown(_host_value(request)), port)
    if stated is None or stated == (destination.host, port):
        return Forward(destination, _outgoing(request, destination.host, port, request.target))
    host = stated[0]
    if stated[1] != port or destination.host.address is None or host.name is None:
        return _mismatch(_host_value(request), destination.host, port)
    decision = policy.decide_host(host, port)
    if isinstance(decision, Deny):
        return Refuse(403, decision, host.canonical, port)
    return Forward(destination, _outgoing(request, host, port, request.target))


def judge_connect(request: ConnectHead, policy: EgressPolicy) -> Connect | Refuse:
    """Judge a request for a tunnel; the Host header, where there is one, must say the same."""
    asked = _authority(request.target, None)
    if isinstance(asked, Deny):
        return Refuse(400, asked, _shown(request.target))
    host, port = asked
    if request.host is not None and _authority(request.host, port) != asked:
        return _mismatch(request.host, host, port)
    decision = policy.decide_host(host, port)
    if isinstance(decision, Deny):
        return Refuse(403, decision, host.canonical, port)
    return Connect(decision)


def _decide(
    request: h11.Request, policy: EgressPolicy, host: Host, port: int, *, target: bytes
) -> Forward | Refuse:
    if b"#" in target:
        deny = Deny(Refusal.MALFORMED_REQUEST, "a fragment in the request target")
        return Refuse(400, deny, host.canonical, port)
    decision = policy.decide_host(host, port)
    if isinstance(decision, Deny):
        return Refuse(403, decision, host.canonical, port)
    return Forward(decision, _outgoing(request, host, port, target))


@lru_cache(maxsize=1024)
def _authority(octets: bytes, default_port: int | None) -> tuple[Host, int] | Deny:
    try:
        host, port = parse_host_port(octets.decode("ascii"), default_port)
    except HostError as error:
        return Deny(Refusal.MALFORMED_HOST, error.message, error.advice)
    except UnicodeDecodeError:
        reason = "the host has octets that are not ASCII"
        return Deny(Refusal.MALFORMED_HOST, reason, "send the IDNA form (xn--...)")
    if port is None:
        return Deny(Refusal.MALFORMED_HOST, "the host has no port", "write host:port")
    return host, port


def _host_value(request: h11.Request) -> bytes:
    return dict(request.headers).get(b"host", b"")


def _host_header(request: h11.Request, default_port: int) -> tuple[Host, int] | Deny | None:
    """Host and port of the Host header; None without one, which HTTP/1.0 allows."""
    if not any(name == b"host" for name, _ in request.headers):
        return None
    return _authority(_host_value(request), default_port)


def host_asked(data: bytes) -> str:
    """The Host header in the first octets of a request that is refused anyway, for the record."""
    for line in data.split(b"\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() == b"host":
            return _shown(value.strip())
    return ""


def _mismatch(stated: bytes, host: Host, port: int) -> Refuse:
    said = _shown(stated)
    reason = f"the connection is for {host.with_port(port)}, the Host header says {said!r}"
    return Refuse(403, Deny(Refusal.HOST_MISMATCH, reason), host.canonical, port)


def _not_for_a_proxy(request: h11.Request, scheme: bytes) -> Refuse:
    reason = "this is a proxy; it takes CONNECT host:port and http:// URLs"
    advice = "use CONNECT for https" if scheme.lower() == b"https" else ""
    host = _shown(request.target if scheme else _host_value(request))
    return Refuse(400, Deny(Refusal.NOT_A_PROXY_REQUEST, reason, advice), host)


def _shown(octets: bytes) -> str:
    return octets.decode("ascii", "backslashreplace")[:_SHOWN]


def _origin_form(request: h11.Request, rest: bytes) -> bytes:
    """The target for the origin server (RFC 9112 section 3.2.1 and 3.2.4)."""
    if not rest and request.method == b"OPTIONS":
        return b"*"
    return rest if rest.startswith(b"/") else b"/" + rest


def _outgoing(request: h11.Request, host: Host, port: int, target: bytes) -> h11.Request:
    """`request` as it goes upstream: our Host, nothing hop-by-hop, nothing for a proxy."""
    dropped = HOP_BY_HOP | _nominated(request) | {b"host", b"expect"}
    headers: Headers = [(b"Host", host_value(host, port))]
    if _wants_websocket(request):
        headers += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    else:
        headers.append((b"Connection", b"close"))
    for name, value in request.headers.raw_items():
        lower = name.lower()
        if lower == b"transfer-encoding" or not (lower in dropped or lower.startswith(b"proxy-")):
            headers.append((name, value))
    return h11.Request(method=request.method, target=target, headers=headers)


def _wants_websocket(request: h11.Request) -> bool:
    """Whether it opens a WebSocket and nothing else (RFC 6455 section 4.1)."""
    upgrades = [value.lower() for name, value in request.headers if name == b"upgrade"]
    framed = any(name in _BODY for name, _ in request.headers)
    return (
        (request.method, request.http_version, upgrades) == (b"GET", b"1.1", [b"websocket"])
        and b"upgrade" in _nominated(request)
        and not framed
    )


def host_value(host: Host, port: int) -> bytes:
    """The Host header for `host` at `port` (RFC 9110 section 7.2)."""
    shown = host.with_port(None if port == HTTP_PORT else port)
    if host.address is not None and host.address.version == 6 and port == HTTP_PORT:
        shown = f"[{shown}]"
    return shown.encode("ascii")
