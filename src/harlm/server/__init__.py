"""HARLM as a server for programs of others: OpenAI's protocol (``harlm serve``), and MCP (``harlm mcp``)."""
