"""Whether a row meets a condition."""

from __future__ import annotations

import pytest

from harlm.guest.tables import NamedText, tables_in
from harlm.guest.tables.matching import condition, meets, row_meets
from harlm.guest.tables.questions import Both, Comparison

TABLE = tables_in(NamedText("t.csv", "name,qty\nNew York,3\nOslo,1\nOslo,\n"))[0]


@pytest.mark.parametrize(
    ("value", "operator", "wanted", "is_met"),
    [
        ("North", "=", ("north",), True),
        (" north ", "=", ("south", "north"), True),
        (5, "=", (5,), True),
        (5, ">", (5,), False),
        (5, ">=", (5,), True),
        (5, "<", (6,), True),
        (5, "<=", (4,), False),
        (5, "between", (1, 5), True),
        ("Northwest", "contains", ("west",), True),
        ("Northwest", "starts", ("north",), True),
        ("Northwest", "ends", ("north",), False),
        (None, "empty", (), True),
        (None, "=", ("",), False),
        ("2024-03-01T10:00:00", "=", ("2024-03-01..2024-03-01",), True),
        ("2024-03-01T10:00:00", ">", ("2024-03-01",), False),
        ("2024-03-02", ">", ("2024-03-01",), True),
    ],
)
def test_values_meet_conditions(
    value: object, operator: str, wanted: tuple[object, ...], is_met: bool
) -> None:
    assert meets(value, operator, *wanted) is is_met


def test_a_row_contains_whole_words() -> None:
    assert row_meets(TABLE.rows[0], "contains", "york")
    assert not row_meets(TABLE.rows[0], "contains", "yor")
    assert row_meets(TABLE.rows[0], "starts", "new")
    assert row_meets(TABLE.rows[0], "ends", "3")


@pytest.mark.parametrize(
    ("node", "lines"),
    [
        (None, [2, 3, 4]),
        (Comparison("name", "=", ("oslo",)), [3, 4]),
        (Comparison("name", "=", ("Oslo",), negated=True), [2]),
        (Comparison("qty", "empty"), [4]),
        (Comparison("qty", ">", (1,), negated=True), [3]),
        (Comparison("qty", "=", (3,), negated=True), [3]),
        (Comparison(None, "contains", ("york",), negated=True), [3, 4]),
        (Both((Comparison("name", "=", ("oslo",)), Comparison("qty", "=", (1,)))), [3]),
        (Both((Comparison("name", "=", ("new york",)), Comparison("qty", "=", (1,))), any_of=True), [2, 3]),
    ],
)
def test_rows_meet_a_condition(node: Comparison | Both | None, lines: list[int]) -> None:
    """A cell without a value is neither over a number nor not over it."""
    is_met = condition(node)
    assert [row.line for row in TABLE.rows if is_met(row)] == lines
