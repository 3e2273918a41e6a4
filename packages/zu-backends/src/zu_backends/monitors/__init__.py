"""Monitors: what the programs in a box did, seen from outside of it."""
