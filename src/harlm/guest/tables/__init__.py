"""Tables in texts: delimited rows, JSON records, Markdown tables and logs, as columns with types."""

from .reading import Row, Table, tables_in

__all__ = ["Row", "Table", "tables_in"]
