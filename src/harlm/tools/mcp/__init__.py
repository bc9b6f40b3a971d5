"""MCP servers as tools, over the official SDK, which is imported only when a run has a server. Speaks with servers, and trusts
nothing that they say: what they list, return and claim is limited and checked.
"""

from harlm.tools.mcp.servers import McpServer, servers_of

__all__ = ["McpServer", "servers_of"]
