"""Checks that any implementation of a port must pass; they need no test framework."""

from zu_core.testing.sinks import EventSinkSuite, make_event

__all__ = ["EventSinkSuite", "make_event"]
