"""How long a target is waited for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a target gets, in seconds.

    Attributes:
        discover: to answer the discovery, before the handshake is tried.
        start: to answer the handshake, or anything, after its start.
        call: for one request after that.
    """

    discover: float = 3.0
    start: float = 30.0
    call: float = 10.0
