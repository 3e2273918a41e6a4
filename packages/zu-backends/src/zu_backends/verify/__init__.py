"""Checks a log from its file alone; shares the page docs/log-format.md with the writers.

Nothing here imports the code that writes: a fault there does not hide itself here.
"""
