import h11

from zu_backends.egress import Deny, EgressPolicy
from zu_backends.egress.http import Refuse
from zu_backends.egress.http_answers import refusal, response_headers
from zu_core.hosts import Allowlist

POLICY = EgressPolicy(Allowlist.parse([]))


def test_a_refusal_in_words():
    deny = POLICY.decide("evil.org", 443)
    assert isinstance(deny, Deny)
    text = refusal(Refuse(403, deny, "evil.org", 443)).decode()
    assert text.startswith("HTTP/1.1 403 Forbidden\r\n")
    for part in ("evil.org:443", "rule: not-declared", "zu.toml", "--egress evil.org:443"):
        assert part in text


def test_a_refusal_can_not_be_made_to_say_more():
    deny = POLICY.decide("evil\r\nSet-Cookie: x\r\n\r\n<b>", 443)
    assert isinstance(deny, Deny)
    head, _, body = refusal(Refuse(400, deny)).partition(b"\r\n\r\n")
    assert b"Set-Cookie" not in head
    assert b"\r" not in body


def test_one_framing_of_an_answer():
    response = h11.Response(
        status_code=200,
        headers=[
            ("Transfer-Encoding", "chunked"),
            ("Content-Length", "4"),
            ("Connection", "keep-alive"),
            ("Proxy-Authenticate", "Basic"),
            ("X", "y"),
        ],
    )
    assert response_headers(response) == [(b"Transfer-Encoding", b"chunked"), (b"X", b"y")]
