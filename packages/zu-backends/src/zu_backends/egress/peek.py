"""The first octets of a connection that may go through: HTTP, TLS or something else.

What can name another host than the one that was allowed (Host header, TLS server name)
is found here and judged before it goes on; it is not a firewall for protocols.
"""

import re
from dataclasses import dataclass

from zu_backends.egress.http import HTTP_PORT
from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.policy import Allow, Deny, EgressPolicy, Refusal
from zu_backends.egress.tls import BadHello, Hello, Incomplete, NotTls, read_client_hello
from zu_core.hosts import HostError, parse_host

_REQUEST_LINE = re.compile(rb"[\r\n]*[^\n]*HTTP/", re.IGNORECASE)
# A line that may become a request line: a token, then anything; lenient servers take any
# white space between the parts.
_REQUEST_PREFIX = re.compile(rb"[\r\n\t ]*[!#-'*+.^_`|~0-9A-Za-z-]{0,64}(?:[ \t][^\n]*)?\Z")


@dataclass(frozen=True, slots=True)
class Undecided:
    """More octets are needed."""


@dataclass(frozen=True, slots=True)
class PlainHttp:
    """An HTTP request, to be judged as one."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing in it names another host."""


Verdict = Undecided | PlainHttp | Pass | Deny


def judge_first_octets(
    data: bytes, allowed: Allow, policy: EgressPolicy, limits: EgressLimits, *, last: bool = False
) -> Verdict:
    """Judge what a program sent first on a connection to `allowed`.

    Args:
        data: all that it sent so far.
        last: no more will come.
    """
    if not data:
        return Pass() if last else Undecided()
    hello = read_client_hello(data, limits.hello_bytes)
    if not isinstance(hello, NotTls):
        return _judge_hello(hello, allowed, policy, last=last)
    if is_http(data):
        return PlainHttp()
    if not last and _REQUEST_PREFIX.match(data):
        # one that is too long is refused where requests are read
        return Undecided() if len(data) <= limits.head_bytes else PlainHttp()
    if allowed.port == HTTP_PORT:
        return Deny(Refusal.NOT_HTTP, "something else than HTTP on port 80")
    return Pass()


def is_http(data: bytes) -> bool:
    """Whether the first line that is not empty looks like a request line, well formed or not."""
    return _REQUEST_LINE.match(data) is not None


def _judge_hello(
    hello: Incomplete | BadHello | Hello, allowed: Allow, policy: EgressPolicy, *, last: bool
) -> Verdict:
    if isinstance(hello, Incomplete):
        return Deny(Refusal.TLS_MALFORMED, "half a TLS ClientHello") if last else Undecided()
    if isinstance(hello, BadHello):
        return Deny(Refusal.TLS_MALFORMED, f"no valid TLS ClientHello: {hello.why}")
    if hello.hidden:
        reason = "the TLS ClientHello carries an encrypted server name (ECH)"
        return Deny(
            Refusal.TLS_NAME_HIDDEN, reason, "switch Encrypted Client Hello off in the tool"
        )
    return _judge_name(hello.name, allowed, policy)


def _judge_name(name: str | None, allowed: Allow, policy: EgressPolicy) -> Verdict:
    if name is None:
        if allowed.host.address is not None:
            return Pass()
        return Deny(Refusal.TLS_NAME_MISSING, f"TLS to {allowed.host} without a server name")
    try:
        host = parse_host(name)
    except HostError as error:
        return Deny(Refusal.TLS_NAME_MISMATCH, f"TLS server name: {error.message}")
    if host == allowed.host:
        return Pass()
    if allowed.host.address is not None and host.name is not None:
        decision = policy.decide_host(host, allowed.port or 0)
        return decision if isinstance(decision, Deny) else Pass()
    reason = f"the connection is for {allowed.host}, the TLS server name is {host}"
    return Deny(Refusal.TLS_NAME_MISMATCH, reason)
