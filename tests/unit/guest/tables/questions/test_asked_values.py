"""The values that a question names, in the style of the column."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.guest.tables.questions.asked_values import ValueReader, asked_number
from harlm.guest.tables.questions.cursor import NotPlaced
from harlm.guest.tables.questions.plans import SchemaColumn, TableSchema
from harlm.guest.tables.questions.words import tokens_of

NUMBER = SchemaColumn("qty", "number")
DATE = SchemaColumn("day", "date")
TEXT = SchemaColumn("team", "text", values=("North",))
FLAG = SchemaColumn("active", "boolean")
TABLE = TableSchema(0, "t.csv", 1, (NUMBER, DATE, TEXT, FLAG))


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("50", ".", 50), ("1,000", ".", 1000), ("1,5", ",", 1.5), ("1.5", ",", 1.5), ("1,5", ".", 1.5), ("-3", ".", -3), ("$20", ".", 20),
        ("10%", ".", 10), ("2k", ".", 2000), ("1.200", ",", 1200), ("many", ".", None), ("", ".", None),
    ],
)  # fmt: skip
def test_numbers(text: str, mark: str, number: float | None) -> None:
    assert asked_number(text, mark) == number


@pytest.mark.parametrize(
    ("column", "operator", "said", "values"),
    [
        (NUMBER, "=", "5 or 6", (5, 6)),
        (NUMBER, "between", "9 and 3", (3, 9)),
        (DATE, "=", "2024-03-01", ("2024-03-01..2024-03-01",)),
        (DATE, "=", "March 2024", ("2024-03-01..2024-03-31",)),
        (DATE, "=", "2024", ("2024-01-01..2024-12-31",)),
        (DATE, ">", "2024", ("2024-12-31",)),
        (DATE, ">=", "2024", ("2024-01-01",)),
        (DATE, "<", "1 March 2024", ("2024-03-01",)),
        (TEXT, "=", "north or Big East", ("North", "Big East")),
        (TEXT, "contains", '"a and b"', ("a and b",)),
        (FLAG, "=", "no", (False,)),
    ],
)
def test_values_of_a_column(column: SchemaColumn, operator: Any, said: str, values: tuple[Any, ...]) -> None:
    assert ValueReader(tokens_of(said), TABLE).values_for(column, operator) == values


@pytest.mark.parametrize(
    ("column", "operator", "said", "why"),
    [
        (NUMBER, "=", "many", "'many' is none"),
        (NUMBER, "=", "", "no value follows"),
        (NUMBER, "between", "3", "needs two values"),
        (DATE, ">", "Tuesday", "'Tuesday' is none"),
        (TEXT, ">", "North", "no order"),
        (FLAG, "=", "maybe", "neither"),
    ],
)
def test_what_is_no_value_is_refused(column: SchemaColumn, operator: Any, said: str, why: str) -> None:
    with pytest.raises(NotPlaced, match=why):
        ValueReader(tokens_of(said), TABLE).values_for(column, operator)
