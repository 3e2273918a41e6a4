"""Zu's vocabulary and decisions.

This package opens no file, socket or process. It names the things that the rest of
the system moves, and decides what is allowed.
"""
