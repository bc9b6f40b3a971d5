"""Reads a question about tables as a computation, if every word of it can be placed on a table."""

from .cursor import NotPlaced
from .forms import asks_rows, computes, read_question
from .plans import Both, Comparison, SchemaColumn, TablePlan, TableSchema

__all__ = [
    "Both",
    "Comparison",
    "NotPlaced",
    "SchemaColumn",
    "TablePlan",
    "TableSchema",
    "asks_rows",
    "computes",
    "read_question",
]
