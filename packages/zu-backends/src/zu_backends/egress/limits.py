"""What one box may ask of the process that serves its network."""

import msgspec


class EgressLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of one `EgressServer`. The unit stands in each name.

    Attributes:
        connections: open at once; a program with RLIMIT_NOFILE 512 may hold more, so the
            rest is refused and recorded.
        head_bytes: request line and headers, as h11's default.
        headers: lines of one request head.
        hello_bytes: a TLS ClientHello; with post-quantum key shares 2 KiB are usual.
        head_seconds: from the first byte of a request head, ClientHello or DNS message
            over TCP to its end.
        patience_seconds: the longest pause before the next piece of such a head is read:
            who sends it in small pieces costs the others few turns of the loop.
        idle_seconds: without a byte in either direction of a tunnel or an exchange.
        resolve_seconds, dial_seconds: for one name, for one address.
        addresses: tried of one name.
        sample_bytes: kept of what a program sent.
        sample_seconds, drain_bytes: how long and how much of a refused connection is read.
        query_bytes: one DNS message; a query has one question and a few options.
        names: that get a synthetic address.
        records: told to the observer in one run.
        record_bytes: samples, names and details of all records together.
        chunk_bytes: read at once of a message; held at most by a direction of a tunnel
            whose reader is slow, once all of them hold `held_bytes`.
        burst_bytes: read at once in a tunnel; one buffer of this size for all.
        held_bytes: that slow readers may hold in pieces of `burst_bytes`.
        stop_seconds: that undecided connections get when the server stops.
    """

    connections: int = 256
    head_bytes: int = 16 * 1024
    headers: int = 100
    hello_bytes: int = 16 * 1024
    head_seconds: float = 10.0
    patience_seconds: float = 0.1
    idle_seconds: float = 300.0
    resolve_seconds: float = 10.0
    dial_seconds: float = 10.0
    addresses: int = 8
    sample_bytes: int = 16 * 1024
    sample_seconds: float = 0.3
    drain_bytes: int = 64 * 1024
    query_bytes: int = 4096
    names: int = 4096
    records: int = 20_000
    record_bytes: int = 64 * 1024 * 1024
    chunk_bytes: int = 64 * 1024
    burst_bytes: int = 1024 * 1024
    held_bytes: int = 16 * 1024 * 1024
    stop_seconds: float = 0.5

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if getattr(self, name) <= 0:
                raise ValueError(f"egress limit {name} must be positive")
