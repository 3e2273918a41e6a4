import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.egress import Allow, Deny, EgressLimits, EgressPolicy, Refusal
from zu_backends.egress.peek import Pass, PlainHttp, Undecided, judge_first_octets
from zu_core.hosts import Allowlist

from .test_tls import built, client_hello, extension, server_names

LIMITS = EgressLimits()
POLICY = EgressPolicy(Allowlist.parse(["example.com", "93.184.215.14", "www.example.net:443"]))


def allowed(host: str = "example.com", port: int = 443) -> Allow:
    decision = POLICY.decide(host, port)
    assert isinstance(decision, Allow)
    return decision


def judge(data: bytes, to: Allow | None = None, *, last: bool = False):
    return judge_first_octets(data, to or allowed(), POLICY, LIMITS, last=last)


def test_the_allowed_name_passes():
    assert judge(client_hello("example.com")) == Pass()
    assert judge(built(server_names((0, b"EXAMPLE.com.")))) == Pass()


@pytest.mark.parametrize(
    ("hello", "rule"),
    [
        (client_hello("evil.org"), Refusal.TLS_NAME_MISMATCH),
        (client_hello("www.example.net"), Refusal.TLS_NAME_MISMATCH),
        (client_hello(None), Refusal.TLS_NAME_MISSING),
        (
            built(server_names((0, b"example.com")) + extension(0xFE0D, b"")),
            Refusal.TLS_NAME_HIDDEN,
        ),
        (built(b"\xff"), Refusal.TLS_MALFORMED),
        (built(server_names((0, b"exa/mple"))), Refusal.TLS_NAME_MISMATCH),
    ],
)
def test_other_names_are_refused(hello, rule):
    verdict = judge(hello)
    assert isinstance(verdict, Deny)
    assert verdict.rule is rule


def test_an_allowed_address_may_be_called_by_an_allowed_name():
    address = allowed("93.184.215.14")
    assert judge(client_hello(None), address) == Pass()
    assert judge(client_hello("www.example.net"), address) == Pass()
    verdict = judge(client_hello("evil.org"), address)
    assert isinstance(verdict, Deny)
    assert verdict.rule is Refusal.NOT_DECLARED
    # www.example.net is allowed at port 443 only
    assert isinstance(judge(client_hello("www.example.net"), allowed("93.184.215.14", 8443)), Deny)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"get / http/1.1\n",
        b"\r\n\r\nGET / HTTP/1.1\r\n",
        b" GET / HTTP/1.1\r\n",
        b"GET\t/\tHTTP/1.1\r\n",
        b"GET /a b HTTP/1.1\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"GET /" + b"a" * 20000,
    ],
)
def test_what_a_lenient_server_takes_for_http_is_http(data):
    assert judge(data) == PlainHttp()


@given(st.integers(0, 30))
def test_a_request_line_in_pieces_is_waited_for(cut):
    line = b"\r\n POST /a b?c=\xff HTTP/1.1\r\nHost: evil.org\r\n"
    assert isinstance(judge(line[:cut]), Undecided | PlainHttp)


@pytest.mark.parametrize(
    "data", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\0\0\0\x08\x04\xd2\x16\x2f", b"EHLO x\r\n"]
)
def test_other_protocols_pass_but_not_on_port_80(data):
    assert judge(data, allowed(port=22)) == Pass()
    verdict = judge(data, allowed(port=80))
    assert isinstance(verdict, Deny)
    assert verdict.rule is Refusal.NOT_HTTP


def test_nothing_at_all():
    assert judge(b"") == Undecided()
    assert judge(b"", last=True) == Pass()
    assert isinstance(judge(client_hello("example.com")[:50], last=True), Deny)


@given(st.binary(max_size=200), st.booleans())
def test_any_octets_have_a_verdict(data, last):
    verdict = judge(data, last=last)
    assert isinstance(verdict, Undecided | PlainHttp | Pass | Deny)
    assert not (last and verdict == Undecided())
