"""Checks that any implementation of a port must pass; they need no test framework."""

from zu_core.testing.sinks import EventSinkSuite, make_event
from zu_core.testing.transparency import TransparencyLogSuite

__all__ = ["EventSinkSuite", "TransparencyLogSuite", "make_event"]
