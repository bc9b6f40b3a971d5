"""HARLM as an MCP server: tools and resources for coding agents. HARLM as a client of such servers is ``harlm.tools.mcp``."""
