"""The network of a box: proxy, transparent gate, DNS gate, datagram sink.

`EgressServer` is the way in. Decisions are in `policy`, `http`, `dns`, `tls` and `peek`,
which do no I/O; sockets are in `server` and the sessions.
"""

from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.policy import Allow, Deny, EgressPolicy, Refusal
from zu_backends.egress.roles import Role
from zu_backends.egress.server import EgressServer

__all__ = ["Allow", "Deny", "EgressLimits", "EgressPolicy", "EgressServer", "Refusal", "Role"]
