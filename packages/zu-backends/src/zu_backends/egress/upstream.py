"""The way out: a name is resolved once, checked, and the checked address is dialled.

Between check and connection no second look-up happens, so a name that changes its
address (DNS rebinding) gains nothing.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from zu_backends.egress.limits import EgressLimits
from zu_backends.egress.policy import Address, Allow, Deny, EgressPolicy
from zu_backends.egress.stream import writable
from zu_core.hosts import Host

Resolve = Callable[[str], Awaitable[Sequence[Address]]]
Dial = Callable[[Address, int], Awaitable[socket.socket]]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The host is allowed and could not be reached."""

    reason: str


@dataclass(slots=True)
class Upstream:
    """Opens connections to hosts that are allowed; `policy` judges what names resolve to."""

    policy: EgressPolicy
    limits: EgressLimits
    resolve: Resolve
    dial: Dial

    async def open(self, allowed: Allow) -> socket.socket | Deny | Unreachable:
        """A connected socket; or a refusal of what the name resolved to."""
        if allowed.host.address is not None:
            return await self._dial_any([allowed.host.address], allowed)
        found = await self._addresses(allowed.host.canonical)
        if isinstance(found, Unreachable):
            return found
        denied = self.policy.check_resolved(found, allowed)
        return denied or await self._dial_any(found[: self.limits.addresses], allowed)

    async def _addresses(self, name: str) -> list[Address] | Unreachable:
        try:
            async with asyncio.timeout(self.limits.resolve_seconds):
                found = await self.resolve(name)
        except TimeoutError:
            return Unreachable(f"{name} was not resolved in {self.limits.resolve_seconds} s")
        except (OSError, UnicodeError) as error:
            return Unreachable(f"{name} could not be resolved: {error}")
        # the canonical form is what is checked, so it is what is dialled
        hosts = [Host.of_address(address).address for address in found]
        addresses = list(dict.fromkeys(address for address in hosts if address is not None))
        return addresses or Unreachable(f"{name} has no address")

    async def _dial_any(
        self, addresses: Sequence[Address], allowed: Allow
    ) -> socket.socket | Unreachable:
        reason = f"{allowed.host} has no address"
        for address in addresses:
            try:
                async with asyncio.timeout(self.limits.dial_seconds):
                    return await self.dial(address, allowed.port or 0)
            except TimeoutError:
                reason = f"{address} did not answer in {self.limits.dial_seconds} s"
            except OSError as error:
                reason = f"{address}: {os.strerror(error.errno) if error.errno else error}"
        return Unreachable(f"cannot connect to {allowed.host.with_port(allowed.port)}: {reason}")


async def resolve_name(name: str) -> Sequence[Address]:
    """The addresses that the system's resolver has for `name`.

    Raises:
        OSError: it has none, or could not tell.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return [ip_address(str(sockaddr[0])) for *_, sockaddr in found]


async def dial_tcp(address: Address, port: int) -> socket.socket:
    """A TCP connection.

    Raises:
        OSError: it was refused or cannot be made.
    """
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await _connect(sock, (str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock


async def _connect(sock: socket.socket, address: tuple[str, int]) -> None:
    code = sock.connect_ex(address)
    if code == errno.EINPROGRESS:
        code = sock.connect_ex(address)  # a peer on this host has answered already, connect(2)
    while code in (errno.EALREADY, errno.EINTR):
        await writable(sock)
        code = sock.connect_ex(address)
    if code not in (0, errno.EISCONN):
        raise OSError(code, os.strerror(code))
