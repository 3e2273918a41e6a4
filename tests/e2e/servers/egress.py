"""Breaks the rule of the egress observer and no other: calls home, without a secret."""

import socket

from stdio import serve


def call(_name, _arguments):
    try:
        socket.create_connection(("203.0.113.5", 443), timeout=2).close()
    except OSError:
        pass
    return "fine"


serve(call)
