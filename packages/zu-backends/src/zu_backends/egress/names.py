"""`SyntheticNames`: each allowed name that the box looks up gets an address of its own.

A connection to such an address tells which name the program meant, so the name and not
an address of its choosing is judged, resolved and dialled. The range is the one for
benchmarks, RFC 2544 (198.18.0.0/15): no honest destination has it.
"""

from ipaddress import IPv4Address, IPv4Network

from zu_backends.egress.policy import Address

SYNTHETIC = IPv4Network("198.18.0.0/15")


class SyntheticNames:
    """A table of canonical names and addresses; a name keeps its address for the run."""

    def __init__(self, limit: int) -> None:
        self._limit = min(limit, SYNTHETIC.num_addresses - 2)
        self._addresses: dict[str, IPv4Address] = {}
        self._names: dict[Address, str] = {}

    def address_of(self, name: str) -> IPv4Address | None:
        """The address of `name`, given now if it has none; None if the table is full."""
        known = self._addresses.get(name)
        if known is not None or len(self._addresses) >= self._limit:
            return known
        address = SYNTHETIC[len(self._addresses) + 1]
        self._addresses[name] = address
        self._names[address] = name
        return address

    def name_of(self, address: Address) -> str | None:
        """The name that has `address`, or None."""
        return self._names.get(address)
