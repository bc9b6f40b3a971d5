"""Tables in texts: delimited rows, JSON records, Markdown tables and logs, as columns with types; and questions for a
computation over them.
"""

from .asking import TableAnswer, ask, unanswered
from .reading import DataTable, NamedText, Row, tables_in

__all__ = ["DataTable", "NamedText", "Row", "TableAnswer", "ask", "tables_in", "unanswered"]
