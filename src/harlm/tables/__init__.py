"""Reads a question about tables as a computation, if every word of it can be placed on a table."""

from harlm.tables.plans import Both, Plan, Schema, SchemaColumn, Test
from harlm.tables.questions import NotPlaced, asks_rows, computes, read_question

__all__ = [
    "Both",
    "NotPlaced",
    "Plan",
    "Schema",
    "SchemaColumn",
    "Test",
    "asks_rows",
    "computes",
    "read_question",
]
