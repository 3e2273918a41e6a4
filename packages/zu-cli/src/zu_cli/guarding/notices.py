"""What `zu guard` says while its command runs: one line for each refused host, once."""

from typing import Final

from zu_cli.output import say
from zu_core.contracts import Event
from zu_core.events import EGRESS_OBSERVED, MONITOR_REPORTED, RESOURCE_OBSERVED
from zu_core.text import visible

HOSTS_LIMIT: Final = 50
"""Hosts that are told; a program that scans a network has said enough by then."""


_FLAGS: Final = {"wall_seconds": "--wall", "memory_bytes": "--memory"}
_UNITS: Final = {"wall_seconds": "s", "memory_bytes": "bytes"}


class Notices:
    """A subscriber of the bus that tells on stderr of refused hosts, of the limit that
    ended the command, and of monitors that lost their source.
    """

    def __init__(self) -> None:
        self._told: set[str] = set()

    def take(self, event: Event) -> None:
        """Tell of `event` if the user has to know of it now."""
        if event.type == EGRESS_OBSERVED and event.payload.get("decision") == "denied":
            self._tell_host(event)
        elif event.type == RESOURCE_OBSERVED:
            limit = event.payload["resource"]
            amount = f"{event.payload['limit']:g} {_UNITS.get(limit, '')}".strip()
            flag = _FLAGS.get(limit, limit)
            say(f"zu guard: the command was ended: it reached {flag} ({amount})\n")
        elif event.type == MONITOR_REPORTED and event.payload["state"] == "lost":
            monitor, reason = event.payload["monitor"], event.payload.get("reason", "")
            say(f"zu guard: facts are missing in the log ({monitor}): {visible(reason)}\n")

    def _tell_host(self, event: Event) -> None:
        host = event.payload.get("host") or event.payload.get("address") or ""
        if not host or host in self._told or len(self._told) > HOSTS_LIMIT:
            return
        self._told.add(host)
        if len(self._told) > HOSTS_LIMIT:
            say("zu guard: more hosts were refused; the log has them\n")
            return
        shown = visible(host, newlines=False)
        say(f"zu guard: refused egress to {shown}; allow with --egress {shown}\n")
