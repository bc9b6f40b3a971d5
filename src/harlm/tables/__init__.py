"""Reads a question about tables as a computation, if every word of it can be placed on a table."""

from harlm.tables.cursor import NotPlaced
from harlm.tables.plans import Both, Schema, SchemaColumn, TablePlan, Test
from harlm.tables.questions import asks_rows, computes, read_question

__all__ = [
    "Both",
    "NotPlaced",
    "Schema",
    "SchemaColumn",
    "TablePlan",
    "Test",
    "asks_rows",
    "computes",
    "read_question",
]
