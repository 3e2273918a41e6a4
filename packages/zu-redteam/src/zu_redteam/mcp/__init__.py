"""The conversation with a tool server over stdio, through the official `mcp` client.

Importing this package imports nothing of `mcp`; its modules `transport`, `negotiate` and
`conversation` do.
"""
