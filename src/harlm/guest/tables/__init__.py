"""Tables in texts: delimited rows, JSON records, Markdown tables and logs, as columns with types."""

from .reading import DataTable, Row, tables_in

__all__ = ["DataTable", "Row", "tables_in"]
