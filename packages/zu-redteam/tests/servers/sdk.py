"""A tool server made with the official SDK, as authors make them."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("sdk-fixture")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


server.run("stdio")
