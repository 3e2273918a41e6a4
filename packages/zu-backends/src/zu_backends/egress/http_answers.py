"""HTTP/1.1 answers: our own in words, and an upstream's as a program may get them."""

import h11

from zu_backends.egress.http import HOP_BY_HOP, Headers, Refuse

_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    408: "Request Timeout",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


def response_headers(response: h11.Response | h11.InformationalResponse) -> Headers:
    """The headers of an answer that the program gets: nothing hop-by-hop, one framing."""
    chunked = any(name == b"transfer-encoding" for name, _ in response.headers)
    dropped = HOP_BY_HOP | ({b"content-length"} if chunked else set())
    return [
        (name, value)
        for name, value in response.headers.raw_items()
        if name.lower() not in dropped and not name.lower().startswith(b"proxy-")
    ]


def answer(status: int, error: str, lines: list[str]) -> bytes:
    """A whole response that closes the connection; `error` is a type of RFC 9209 2.3."""
    body = "".join(f"{line}\n" for line in lines if line).encode("utf-8", "backslashreplace")
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Proxy-Status: zu; error={error}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def refusal(refused: Refuse) -> bytes:
    """The response to a refused request: what was refused, by which rule, what to write."""
    deny = refused.deny
    return answer(
        refused.status,
        "http_request_denied" if refused.status == 403 else "http_request_error",
        [f"zu refused this: {deny.reason}", f"rule: {deny.rule}", deny.advice],
    )
