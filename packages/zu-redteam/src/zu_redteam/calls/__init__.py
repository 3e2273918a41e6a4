"""Calls made from a tool's own input schema: harmless ones, and places for a payload."""

from zu_redteam.calls.harmless import harmless_calls
from zu_redteam.calls.places import Places
from zu_redteam.calls.slots import Slot, find_slots, place

__all__ = ["Places", "Slot", "find_slots", "harmless_calls", "place"]
