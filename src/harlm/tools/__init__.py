"""TOOLS: the user's own functions and MCP servers as functions of cells. Runs them in the host: arguments are checked, results
limited, failures told to the cell.
"""

from harlm.tools.functions import FunctionTool, tool, tools_of
from harlm.tools.sql import sql_tool

__all__ = ["FunctionTool", "sql_tool", "tool", "tools_of"]
