"""Stores of the record: SQLite for querying, JSON lines for reading and shipping."""
