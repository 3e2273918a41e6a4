"""The only assembly of box, network, proxy, DNS gate, monitors, limits and self-probe.

The box that is tested is the box that is used: gate, guard and loop all come through here.
"""

from zu_backends.contained.assembly import BubblewrapContainment

__all__ = ["BubblewrapContainment"]
