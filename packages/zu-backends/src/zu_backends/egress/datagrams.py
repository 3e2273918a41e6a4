"""Datagram sockets of the box: queries that are answered, all else recorded and dropped."""

import asyncio
import contextlib
import errno
import socket
import struct
from typing import Any

from zu_backends.egress.destination import (
    IPV6_FREEBIND,
    SO_RXQ_OVFL,
    asked_address,
    datagrams_lost,
    diverted_destination,
    reply_from,
)
from zu_backends.egress.dns import DnsGate
from zu_backends.egress.journal import Journal
from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.policy import Refusal
from zu_core.events import EgressObserved

_Sender = tuple[Any, ...]  # a socket address of whichever family

_AT_ONCE = 64  # datagrams in one turn of the loop, so that connections get their turn
_DATAGRAM = 65536
_ANCILLARY = 512
_QUEUE = 4 * 1024 * 1024  # asked for; the kernel grants up to net.core.rmem_max
# getsockopt(2) SO_MEMINFO (Linux 4.12): nine counters of the socket, the last one of drops
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("=9I")
# queued ICMP errors of earlier replies come up at the next call, ip(7); UDP promises no more
_PASSING = frozenset(
    (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EINTR, errno.EAGAIN)
)


class DatagramReader:
    """Reads one datagram socket in the loop.

    Attributes:
        role: how the socket is named in a fault.
    """

    def __init__(self, role: str, sock: socket.socket, journal: Journal) -> None:
        self._role = role
        self.sock = sock
        self.journal = journal
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE)
        sock.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)

    def start(self) -> None:
        """Begin to read."""
        asyncio.get_running_loop().add_reader(self.sock, self._ready)

    def stop(self) -> None:
        """Take what waits in the queue, then close the socket."""
        with contextlib.suppress(ValueError):  # the descriptor is closed already
            asyncio.get_running_loop().remove_reader(self.sock)
        while self._ready():
            continue
        self._check_drops()
        self.sock.close()

    def _check_drops(self) -> None:
        """See what no later datagram could tell of: drops at the end of a flood."""
        try:
            counters = self.sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError as error:
            self.journal.fail(f"{self._role}: its drops can't be counted: {error.strerror}")
            return
        if _MEMINFO.unpack(counters)[-1]:
            self.journal.fail(f"{self._role}: datagrams came faster than they were read")

    def handle(self, data: bytes, ancillary: list[tuple[int, int, bytes]], sender: _Sender) -> None:
        """Do what this socket is for; implemented by each kind."""
        raise NotImplementedError

    def _ready(self) -> bool:
        """Handle what waits; True if there may be more."""
        for _ in range(_AT_ONCE):
            try:
                data, ancillary, _, sender = self.sock.recvmsg(_DATAGRAM, _ANCILLARY)
            except BlockingIOError:
                return False
            except OSError as error:
                return self._failed(error)
            if datagrams_lost(ancillary):
                self.journal.fail(f"{self._role}: datagrams came faster than they were read")
            try:
                self.handle(data, ancillary, sender)
            except Exception as error:  # noqa: BLE001 - it becomes the fault that the server shows
                self.journal.fail(f"{self._role}: {type(error).__name__}: {error}")
        return True

    def _failed(self, error: OSError) -> bool:
        if error.errno in _PASSING:
            return True
        self.journal.fail(f"{self._role}: {error.strerror}")
        with contextlib.suppress(ValueError):
            asyncio.get_running_loop().remove_reader(self.sock)
        return False


class DnsReader(DatagramReader):
    """Answers queries from the address that was asked."""

    def __init__(self, role: str, sock: socket.socket, journal: Journal, gate: DnsGate) -> None:
        super().__init__(role, sock, journal)
        if sock.family == socket.AF_INET6:  # IPv4 does without: ip(7), ipv6(7)
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        self._gate = gate

    def handle(self, data: bytes, ancillary: list[tuple[int, int, bytes]], sender: _Sender) -> None:
        """Answer one query."""
        asked = asked_address(ancillary)
        reply, fact = self._gate.answer(data, resolver=str(asked or ""))
        self.journal.tell(fact)
        if reply is None:
            return
        try:
            self.sock.sendmsg([reply], reply_from(asked) if asked else [], 0, sender)
        except OSError as error:
            if error.errno not in _PASSING:
                self.journal.fail(f"{self._role}: a query was not answered: {error.strerror}")


class SinkReader(DatagramReader):
    """Records datagrams to all other ports; nothing is answered."""

    def __init__(
        self, role: str, sock: socket.socket, journal: Journal, limits: EgressLimits
    ) -> None:
        super().__init__(role, sock, journal)
        self._limits = limits

    def handle(self, data: bytes, ancillary: list[tuple[int, int, bytes]], sender: _Sender) -> None:
        """Record one datagram."""
        wanted = diverted_destination(ancillary)
        self.journal.tell(
            EgressObserved(
                channel="udp",
                decision="denied",
                rule=Refusal.UDP,
                address=str(wanted.address) if wanted else "",
                port=wanted.port if wanted else 0,
                sent=len(data),
                sample=data[: self._limits.sample_bytes],
            )
        )
